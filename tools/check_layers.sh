#!/usr/bin/env bash
# The walls between the rooms of src/. Fails, naming file and line, when
#   - a room includes another room that does not stand to its left, or any header of it but NAME/NAME.h;
#   - anything but src/main.c and src/cmd includes cmd/;
#   - a foreign library's header is included outside the one place that may know it;
#   - two files under src/ share a name.
# A room is a folder of src/; the order is the way data moves. A new room needs its place in `rank` below.
#
#   tools/check_layers.sh [FOLDER]       FOLDER instead of src
#   tools/check_layers.sh --self-test    prove on a made-up tree that each kind of violation is caught
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

check() {
    find "$1" -name '*.[ch]' -o -name '*.cpp' -o -name '*.h.in' | LC_ALL=C sort | awk -v root="$1/" '
        BEGIN {
            split("base=0 request=1 engine=2 synth=3 store=4 quality=5 report=6 export=6 unlearn=7 eval=8", pairs, " ")
            for (i in pairs) { split(pairs[i], kv, "="); rank[kv[1]] = kv[2] }
            # Foreign headers: a pattern, and the only files that may include what it matches.
            allowed["^(llama|ggml.*|gguf)\\.h$"] = "^(engine|unlearn)/"
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
            room = file; sub(/\/.*/, "", room)
            base = file; sub(/.*\//, "", base)
            line = 1
            if (base in seen) complain("another file has this name: " seen[base])
            seen[base] = path
            top = (file == "main.c" || room == "cmd")
            if (!top && !(room in rank)) complain("room \"" room "\" is not known to tools/check_layers.sh")
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
                if (other == "cmd" && !top) complain("only cmd/ and main.c may include " name)
                if (top || !(other in rank) || other == room || other == "base") continue
                if (room == "base" || !(rank[other] < rank[room])) complain(room "/ may not include " name ": it is not to its left")
                else if (name != other "/" other ".h") complain(name " is private to its room; the public header is " other "/" other ".h")
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
    case_of 'a room may use a public header to its left' '' synth/a.c '#include "engine/engine.h"'
    case_of 'cmd may use every room' '' cmd/cmd_a.c '#include "eval/eval.h"'
    case_of 'system headers are free' '' quality/a.c '#include <math.h>'
    case_of 'llama.h in the engine' '' engine/a.c '#include <llama.h>'
    case_of 'a comment is not an include' '' base/a.c '/* see "store/store.h" */'
    case_of 'to the right' 'not to its left' engine/a.c '#include "synth/synth.h"'
    case_of 'to a neighbour of the same rank' 'not to its left' report/a.c '#include "export/export.h"'
    case_of 'base stands alone' 'not to its left' base/a.c '#include "request/request.h"'
    case_of 'a private header' 'private to its room' synth/a.c '#include "engine/sampler.h"'
    case_of 'cmd from a room' 'only cmd/' store/a.c '#include "cmd/cmd.h"'
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
    case_of 'an unknown room' 'is not known' attic/a.c '#include <stdio.h>'
    mkdir -p "$dir/src/base"
    printf '\n' >"$dir/src/base/a.c"
    if out=$(check "$dir/src") || [[ $out != *"another file has this name"* ]]; then
        printf 'self-test "same name" failed: %s\n' "$out"
        failures=$((failures + 1))
    fi
    [ $failures = 0 ] && printf 'all cases of the self-test pass\n'
}

if [ "${1:-}" = --self-test ]; then
    self_test
else
    check "${1:-$here/src}"
fi
