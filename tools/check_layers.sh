#!/usr/bin/env bash
# The walls between the rooms of src/. Fails, naming file and line, when
#   - a room includes a room that its line in the table below does not name, or a header that is not a door of it;
#   - a foreign library's header is included outside the one place that may know it;
#   - two files under src/ share a name.
# A room is a folder of src/. Every room may include base. A room's doors are NAME/NAME.h and the headers that its line names; all
# others are private. The table is the picture of the house (docs/architecture.md); a new room needs its line.
#
#   tools/check_layers.sh [FOLDER]       FOLDER instead of src
#   tools/check_layers.sh --self-test    prove on a made-up tree that each kind of violation is caught
#   tools/check_layers.sh --table        the table, for scripts that draw it
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# room: rooms that it may include | its doors beside NAME.h ("*": every header)
table='
base:     | *
request:  | forms instance_file instance_source request_fields request_file template
engine:   | machine models
quality:  | answers rouge
graph:    engine | matmul_kernel vocabulary
synth:    request engine quality | neighbours prose_names
unlearn:  request engine graph | auto_method gradient_norm suffix
store:    request synth
sets:     request store | official_folder pairs records
export:   request synth store
report:   request synth store quality | lab_compare lab_page lab_table page quality_table
measure:  request engine quality synth store sets | measure_open report_stored
eval:     request engine quality unlearn sets | eval_request eval_task membership
lab:      store sets unlearn report | lab_spec
run:      request engine quality synth unlearn store sets export report measure | probe_answers report_write session start then then_state unlearn_sets
cmd:      request engine synth graph unlearn store sets export report measure eval lab run
main:     cmd
'
check() {
    find "$1" -name '*.[ch]' -o -name '*.cpp' -o -name '*.h.in' | LC_ALL=C sort | awk -v root="$1/" -v table="$table" '
        BEGIN {
            n = split(table, lines, "\n")
            for (i = 1; i <= n; i++) {
                if (lines[i] !~ /:/) continue
                room = lines[i]; sub(/:.*/, "", room); gsub(/ /, "", room)
                known[room] = 1
                rest = lines[i]; sub(/^[^:]*:/, "", rest)
                split(rest, halves, "|")
                m = split(halves[1], words, " ")
                for (k = 1; k <= m; k++) may[room, words[k]] = 1
                m = split(halves[2], words, " ")
                for (k = 1; k <= m; k++) door[room "/" words[k] ".h"] = 1
                if (halves[2] ~ /\*/) open[room] = 1
                door[room "/" room ".h"] = 1
            }
            # Foreign headers: a pattern, and the only files that may include what it matches.
            allowed["^(llama|ggml.*|gguf)\\.h$"] = "^(engine|graph)/"
            allowed["^jinja/"] = "^engine/chat_jinja\\.cpp$"
            allowed["^sqlite3.*\\.h$"] = "^store/"
            allowed["^curl/"] = "^engine/"
            allowed["^jansson\\.h$"] = "^base/json\\.h$"
            allowed["^openssl/"] = "^base/hash\\.c$"
            allowed["^zlib\\.h$"] = "^eval/"
        }
        function complain(text) { printf "%s:%d: %s\n", path, line, text; bad++ }
        {
            path = $0
            file = substr(path, length(root) + 1)
            room = file; sub(/\/.*/, "", room); sub(/\.c$/, "", room)
            base = file; sub(/.*\//, "", base)
            line = 1
            if (base in seen) complain("another file has this name: " seen[base])
            seen[base] = path
            if (!(room in known)) complain("room \"" room "\" is not in the table of tools/check_layers.sh")
            for (line = 1; (getline text < path) > 0; line++) {
                if (text !~ /^[ \t]*#[ \t]*include/) continue
                name = text
                sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", name); sub(/[>"].*/, "", name)
                for (pattern in allowed)
                    if (name ~ pattern && file !~ allowed[pattern]) complain("foreign header " name " does not belong here")
                slash = index(name, "/")
                if (text ~ /"/ && !slash) complain("include " name " as ROOM/NAME.h, relative to src/")
                if (!slash) continue
                other = substr(name, 1, slash - 1)
                if (!(other in known) || other == room) continue
                if (other != "base" && !((room, other) in may)) complain(room " may not include " name ": see the table of tools/check_layers.sh")
                else if (!(other in open) && !(name in door)) complain(name " is private to its room; a door of it is " other "/" other ".h")
            }
            close(path)
        }
        END { exit bad > 0 }
    '
}

self_test() {
    local failures=0 wanted
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
    # case NAME EXPECTED-WORDS FILE LINE: a tree with that one line must be refused in those words ("" = accepted).
    case_of() {
        local name=$1 words=$2 file=$3 text=$4 out status=0
        rm -rf "$dir/src"
        mkdir -p "$dir/src/$(dirname "$file")"
        printf '%s\n' "$text" >"$dir/src/$file"
        out=$(check "$dir/src") || status=1
        wanted=1
        [ -n "$words" ] || wanted=0
        if [ $status != $wanted ] || { [ -n "$words" ] && [[ $out != *"$words"* ]]; }; then
            printf 'self-test "%s" failed: status %d, output: %s\n' "$name" $status "$out"
            failures=$((failures + 1))
        fi
    }
    case_of 'a room may use base' '' store/a.c '#include "base/err.h"'
    case_of 'a room may use a door of a room below' '' synth/a.c '#include "engine/engine.h"'
    case_of 'cmd may use the rooms of its line' '' cmd/cmd_a.c '#include "eval/eval.h"'
    case_of 'a second door' '' cmd/cmd_a.c '#include "report/page.h"'
    case_of 'cmd has no private entrance' 'private to its room' cmd/cmd_a.c '#include "report/svg.h"'
    case_of 'base is open to all' '' store/a.c '#include "base/utf8.h"'
    case_of 'system headers are free' '' quality/a.c '#include <math.h>'
    case_of 'llama.h in the engine' '' engine/a.c '#include <llama.h>'
    case_of 'a comment is not an include' '' base/a.c '/* see "store/store.h" */'
    case_of 'a room above' 'may not include' engine/a.c '#include "synth/synth.h"'
    case_of 'a neighbour that the line does not name' 'may not include' report/a.c '#include "export/export.h"'
    case_of 'base includes no room' 'may not include' base/a.c '#include "request/request.h"'
    case_of 'a private header' 'private to its room' synth/a.c '#include "engine/sampler.h"'
    case_of 'cmd from a room' 'may not include' store/a.c '#include "cmd/cmd.h"'
    case_of 'llama.h elsewhere' 'foreign header llama.h' synth/a.c '#include <llama.h>'
    case_of 'ggml in cmd' 'foreign header ggml-cpu.h' cmd/a.c '# include <ggml-cpu.h>'
    case_of 'the Jinja engine in its door' '' engine/chat_jinja.cpp '#include <jinja/runtime.h>'
    case_of 'the Jinja engine elsewhere' 'foreign header jinja/runtime.h' engine/a.cpp '#include <jinja/runtime.h>'
    case_of 'sqlite elsewhere' 'foreign header sqlite3.h' export/a.c '#include <sqlite3.h>'
    case_of 'curl elsewhere' 'foreign header curl/curl.h' base/a.c '#include <curl/curl.h>'
    case_of 'jansson around its door' 'foreign header jansson.h' base/json.c '#include <jansson.h>'
    case_of 'openssl elsewhere' 'foreign header openssl/sha.h' base/file.c '#include <openssl/sha.h>'
    case_of 'zlib elsewhere' 'foreign header zlib.h' export/a.c '#include <zlib.h>'
    case_of 'no room named' 'relative to src/' engine/a.c '#include "engine.h"'
    case_of 'a room without a line' 'is not in the table' attic/a.c '#include <stdio.h>'
    mkdir -p "$dir/src/base"
    printf '\n' >"$dir/src/base/a.c"
    if out=$(check "$dir/src") || [[ $out != *"another file has this name"* ]]; then
        printf 'self-test "same name" failed: %s\n' "$out"
        failures=$((failures + 1))
    fi
    [ $failures = 0 ] && printf 'all cases of the self-test pass\n'
}

case ${1:-} in
--self-test) self_test ;;
--table) printf '%s\n' "$table" ;;
*) check "${1:-$here/src}" ;;
esac
