#!/usr/bin/env bats
# The controlled experiment, on a model of random weights: what is computed, kept, gone on with and refused. No figure here means anything.
load helper

json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print('"$1"')'; }

# A checked build takes ten minutes for what is a matter of other commands, which have checked tests of their own.
checked() { grep -qE '__(asan|tsan)_init' "$BIFORGET"; }

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" tiny.gguf
    cat >spec.json <<'END'
{
  "name": "test", "model": "smollm2-135m-instruct",
  "world": {"seed": 1, "circles": 3, "people": 3},
  "train": ["--max-steps", "2", "--lr", "1e-3", "--batch", "4", "--max-length", "256"],
  "forget_sets": [
    {"name": "originals", "kind": "planted"},
    {"name": "BiForget", "kind": "domain", "options": ["--rounds", "1", "--points-per-round", "2", "--temperatures", "0.8", "--max-new-tokens", "16",
      "--samples-per-prompt", "1", "--max-samples", "8", "--mi-samples", "1", "--jailbreak-samples", "1", "--control-samples", "0"]},
    {"name": "Stage I alone", "kind": "part", "of": "BiForget", "variant": "fix"}
  ],
  "methods": [{"method": "ga", "options": ["--lr", "1e-3", "--max-steps", "1", "--batch", "2", "--accum", "1", "--max-length", "256"]}],
  "seeds": [1],
  "privleak": ["--k", "20,40", "--resamples", "100"],
  "tofu": ["--max-new-tokens", "8", "--limit", "4", "--resamples", "100"]
}
END
    checked || "$BIFORGET" lab spec.json -m tiny.gguf -o out --json >out.json 2>out.err
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

@test "an experiment: every row, recall of the planted facts, tables beside it" {
    checked && skip "a checked build"
    [ "$(json '[r.get("model") for r in d["rows"][:2]]' <out.json)" = "['gold', 'target']" ]
    [ "$(json 'len(d["rows"]), len(d["sets"])' <out.json)" = "5 3" ] # 2 and 3 sets x 1 method x 1 seed
    [ "$(json 'all("tofu" in r and "privleak" in r for r in d["rows"] if "why" not in r)' <out.json)" = True ]
    [ "$(json 'd["rows"][2]["set"], d["rows"][2]["method"], d["rows"][2]["seed"], d["rows"][2]["unlearn"]["steps"]' <out.json)" = "originals ga 1 1" ]
    [ "$(json '[d["sets"][0]["figures"][k] for k in ("facts", "covered")], d["sets"][0]["figures"]["claims"] == d["sets"][0]["figures"]["true"]' <out.json)" = "[18, 18] True" ]
    [ "$(json 'd["rows"][0]["tofu"]["forget_quality"]' <out.json)" = 1.0 ] # the gold standard against itself
    grep -q '| originals | ga |' out/results.md
    grep -q '^| originals | [+-].* (one seed) |' out/results.md # against BiForget
    [ "$(json 'd["comparison"]["reference"], len(d["comparison"]["rows"])' <out.json)" = "BiForget 2" ]
    [ "$(wc -l <out/results.csv)" = 6 ]
    [ "$(stat -c %a out out/results.json out/lab.db)" = "700
600
600" ]
    ! grep -qi nan out/results.md out/results.csv out.json
    [ -z "$(find out/models -name 'unlearned-*.gguf')" ] # given back
    # An experiment that names no form of the data means that of before there were others.
    [ "$(python3 -c 'import sqlite3; print({"--data auto" in c for (c,) in sqlite3.connect("out/lab.db").execute("select command from cell") if " unlearn " in c})')" = "{True}" ]
}

@test "the page and the picture: one file each, nothing from elsewhere, all sections" {
    checked && skip "a checked build"
    grep -q "default-src 'none'; script-src 'sha256-" out/report.html
    ! grep -qE ' (src|href)="?(https?:)?//|<link|@import url|unsafe-' out/report.html
    python3 - out/report.html <<'END'
import json, re, sys, xml.dom.minidom
page = open(sys.argv[1], encoding="utf-8").read()
data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1), parse_constant=int)
for key in ("words", "tradeoff", "comparison", "sets", "ablation", "lines", "settings"):
    assert data[key], key
assert [s["name"] for s in data["sets"]] == ["originals", "BiForget", "Stage I alone"]
assert len(data["tradeoff"]["points"]) == 3 and data["tradeoff"]["points"][0]["values"]["model_utility"]
assert data["ablation"] == [1, 2], data["ablation"]
assert data["tradeoff"]["gold"]["privleak_distance"][1] == 0
assert data["settings"]["spec"]["seeds"] == [1]
assert any(w["tone"] == "warning" and "One seed" in w["text"] for w in data["words"])
xml.dom.minidom.parse("out/tradeoff.svg")
END
    ! grep -qi nan out/tradeoff.svg
    [ "$(stat -c %a out/report.html)" = 600 ]
}

@test "a page that is gone is written again without computing anything" {
    checked && skip "a checked build"
    cp out/report.html before.html
    rm out/report.html out/tradeoff.svg out/results.md
    run --separate-stderr "$BIFORGET" lab spec.json -m tiny.gguf -o out
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    cmp before.html out/report.html
    [[ $output == *"out/report.html"* ]]
    [ -s out/tradeoff.svg ] && [ -s out/results.md ]
}

@test "again: nothing is computed twice, and the same comes out" {
    checked && skip "a checked build"
    run --separate-stderr "$BIFORGET" lab spec.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ "$output" = "$(cat out.json)" ]
    [ -z "$stderr" ] # no cell was begun
}

@test "one more seed computes its cells alone" {
    checked && skip "a checked build"
    sed 's/"seeds": \[1\]/"seeds": [1, 2]/' spec.json >more.json
    run --separate-stderr "$BIFORGET" lab more.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ "$(grep -c '^\[' <<<"$stderr")" -le 3 ]
    [[ $stderr != *"seed 1"* && $stderr == *"seed 2"* ]]
    [ "$(json 'len(d["rows"])' <<<"$output")" = 8 ]
}

@test "a method for some sets and seeds has these rows alone" {
    checked && skip "a checked build"
    sed 's/"seeds": \[1\]/"seeds": [1, 2]/; s/{"method": "ga",/{"method": "ga", "n_seeds": 1, "forget_sets": ["originals"],/' spec.json >some.json
    run --separate-stderr "$BIFORGET" lab some.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ -z "$stderr" ] # they are there already: the cells are the same
    [ "$(json '[(r["set"], r["seed"]) for r in d["rows"] if "method" in r], d["planned"]' <<<"$output")" = "[('originals', 1)] 1" ]
}

@test "Ctrl-C: exit code 130, and tables of what is done" {
    checked && skip "a checked build"
    sed 's/"seeds": \[1\]/"seeds": [1, 3, 2]/' spec.json >three.json # 1 and 2 are there
    "$BIFORGET" lab three.json -m tiny.gguf -o out --json >three.out 2>three.err 3>&- &
    job=$!
    for _ in $(seq 600); do
        grep -q "seed 3" three.err && break
        kill -0 "$job"
        sleep 0.05
    done
    kill -INT "$job"
    local code=0
    wait "$job" || code=$?
    job=
    [ "$code" = 130 ]
    [ ! -s three.out ]
    [[ $(tail -n 1 three.err) == "biforget: interrupted; finished cells are kept, and the folder has tables of the rows so far"* ]]
    grep -q '"originals","ga",2' out/results.csv # also behind the row that was interrupted
    ! grep -q '"originals","ga",3' out/results.csv
    [ "$(json 'd["comparison"]["seeds"]' <out/results.json)" = 2 ]
    grep -q 'Only 6 of 9 rows are done' out/report.html
}

@test "Ctrl-C in the midst of a training: it is resumed, and does not start over" {
    checked && skip "a checked build"
    sed 's/"--max-steps", "2", "--lr", "1e-3"/"--max-steps", "100000", "--lr", "1e-6"/' spec.json >long.json
    local before=0
    for _ in 1 2; do
        "$BIFORGET" lab long.json -m tiny.gguf -o long >/dev/null 2>long.err 3>&- &
        job=$!
        for _ in $(seq 600); do
            compgen -G 'long/models/target-*.training/settings.json' >/dev/null && break
            kill -0 "$job"
            sleep 0.05
        done
        sleep $((3 - 2 * (before > 0))) # longer the first time
        kill -INT "$job"
        local code=0
        wait "$job" || code=$?
        job=
        [ "$code" = 130 ]
        # The number of the step, behind eight bytes and a hash.
        local step
        step=$(od -An -t d8 -j 72 -N 8 long/models/target-*.training/checkpoint.bin | tr -d ' ')
        [ "$step" -ge "$((before > 0 ? before : 1))" ]
        before=$step
    done
}

@test "on a terminal a training shows its step and the time that is left" {
    checked && skip "a checked build"
    sed 's/"--max-steps", "2", "--lr", "1e-3"/"--max-steps", "100000", "--lr", "1e-6"/' spec.json >long.json
    TERM=xterm script -qefc "echo \$\$ >live.pid; exec '$BIFORGET' lab long.json -m tiny.gguf -o live" live.txt </dev/null >/dev/null 2>&1 3>&- &
    job=$!
    for _ in $(seq 600); do # a busy machine may need long for its first step
        grep -qa 'training  [0-9]*/100000 .* left' live.txt 2>/dev/null && break
        kill -0 "$job"
        sleep 0.1
    done
    kill -INT "$(cat live.pid)"
    wait "$job" || true
    job=
    grep -qa 'training  [0-9]*/100000 .* left' live.txt
}

@test "the command of a cell can be typed by hand" {
    checked && skip "a checked build"
    command=$(python3 - <<'END'
import sqlite3
rows = sqlite3.connect("out/lab.db").execute("select command from cell where kind = 'train' order by id").fetchall()
print(rows[0][0])
END
    )
    cp out/models/target-*.gguf kept.gguf
    eval "\"\$BIFORGET\" ${command#biforget }" >/dev/null 2>&1
    cmp kept.gguf out/models/target-*.gguf # and gives the same bytes
}

# changed FILE EXPRESSION...: spec.json with changes in Python, `d` is the experiment, to FILE.
changed() {
    local file=$1
    shift
    printf '%s\n' 'import json' 'd = json.load(open("spec.json"))' 'sets, ga = d["forget_sets"], d["methods"][0]' "$@" 'print(json.dumps(d))' |
        python3 - >"$file"
}

@test "what is changed in the experiment gets models, texts and a world of its own" {
    checked && skip "a checked build"
    local target
    target=$(echo out/models/target-*.gguf)
    cp "$target" kept.gguf
    # Another training in another world, whose seed is the default.
    changed other.json 'd["train"][1] = "1"' 'del d["world"]["seed"], sets[1:]'
    "$BIFORGET" lab other.json -m tiny.gguf -o out --json >other.out 2>other.err
    [ "$(json 'd["spec"]["world"] == {"seed": 3407, "circles": 3, "people": 3}' <other.out)" = True ]
    [ "$(json 'd["spec"]["model"], len(d["spec"]["train"])' <other.out)" = "tiny.gguf 8" ] # the model that was used
    grep -q 'invented (seed 3407, 3 circles of 3) and taught to tiny.gguf' out/report.html
    [ "$(find out/models -name 'target-*.gguf' | wc -l)" = 2 ]
    [ "$(find out -maxdepth 1 -name 'world-*' | wc -l)" = 2 ]
    # Other texts of a set, then the first experiment with a seed more: on its own model.
    changed texts.json 'sets[1]["options"] += ["--max-new-tokens", "8"]' 'del sets[2]' 'ga["forget_sets"] = ["originals"]' 'd["seeds"] = [1, 6]'
    run --separate-stderr "$BIFORGET" lab texts.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ "$(grep -c '^\[' <<<"$stderr")" = 2 ] # the set and the seed
    [ "$(json 'd["sets"][1]["figures"]["generated_tokens"]' <<<"$output")" -lt "$(json 'd["sets"][1]["figures"]["generated_tokens"]' <out.json)" ]
    [ "$(find out/sets -mindepth 1 -maxdepth 1 -name 'domain-*' | wc -l)" = 2 ]
    cmp kept.gguf "$target"
    python3 - "$target" <<'END'
import sqlite3, sys
row = sqlite3.connect("out/lab.db").execute("select command from cell where kind = 'evaluate' order by id desc limit 1").fetchone()[0]
assert "--seed 6" in row and f"-m {sys.argv[1]} " in row, row
END
}

@test "a set of another name, also one without ASCII letters, is the same set when it says the same" {
    checked && skip "a checked build"
    changed alike.json 'sets.append(dict(sets[1], name="Ωμέγα"))' 'ga["forget_sets"] = ["Ωμέγα"]' 'd["seeds"] = [7]'
    run --separate-stderr "$BIFORGET" lab alike.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ "$(grep -c '^\[' <<<"$stderr")" = 1 ] # the row alone
    [ "$(json 'd["rows"][2]["set"], d["rows"][2].get("why"), d["sets"][1]["figures"] == d["sets"][3]["figures"]' <<<"$output")" = "Ωμέγα None True" ]
}

@test "sets and models that are gone are made again for what needs them" {
    checked && skip "a checked build"
    rm -r out/sets out/models
    run --separate-stderr "$BIFORGET" lab spec.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [ "$output" = "$(cat out.json)" ]
    [ -z "$stderr" ] # nothing needs them
    changed mi.json 'sets.append(dict(sets[2], name="without jailbreak", variant="mi"))'
    run --separate-stderr "$BIFORGET" lab mi.json -m tiny.gguf -o out --json
    [ "$status" = 0 ]
    [[ $stderr == *"again: 'out/sets/domain-"* && $stderr == *"again: 'out/models/target-"* ]]
    [ "$(json 'd["sets"][3]["figures"]["n"] >= d["sets"][2]["figures"]["n"] > 0' <<<"$output")" = True ]
}

@test "a row that fails says why, the others go on; the exit code is that of the failure" {
    checked && skip "a checked build"
    changed wild.json 'd["methods"].insert(0, dict(ga, name="wild", forget_sets=["originals"], options=ga["options"] + ["--max-loss", "0.001"]))' \
        'd["seeds"] = [1, 8]'
    for _ in first again; do
        run --separate-stderr "$BIFORGET" lab wild.json -m tiny.gguf -o out --json
        [ "$status" = 4 ]
        sentence "2 rows failed, and the tables have the others; the same command tries again (first failure: wild on originals, seed 1: "
        [ "$(json '[(r["method"], r["seed"], r["failed"]) for r in d["rows"] if "why" in r]' <<<"$output")" = "[('wild', 1, True), ('wild', 8, True)]" ]
    done
    [ "$(json 'len(d["rows"])' <<<"$output")" = 10 ] # 2, 3 sets x 2 seeds, and 2
    grep -q '| originals | wild (2 seeds failed: ' out/results.md
    grep -q '2 rows failed; the same command tries again' out/report.html
    [ -z "$(find out/models -name 'unlearned-*')" ] # no checkpoints either
}

@test "a set of one's own: a file beside the experiment, known by what is in it" {
    checked && skip "a checked build"
    mkdir -p mine
    changed mine/own.json 'd["forget_sets"] = [sets[0], {"name": "mine", "kind": "file", "path": "texts/own.jsonl"}]' 'ga["forget_sets"] = ["mine"]'
    fails 3 "own.jsonl" "$BIFORGET" lab mine/own.json -m tiny.gguf -o out
    mkdir -p mine/texts
    head -n 3 out/world-*/planted.jsonl | grep '^{' | head -n 3 >mine/texts/own.jsonl
    "$BIFORGET" lab mine/own.json -m tiny.gguf -o out --json >own.out 2>own.err
    [ "$(json 'd["sets"][1]["figures"]["n"], d["rows"][2]["set"], "tofu" in d["rows"][2]' <own.out)" = "3 mine True" ]
    [ "$(json 'd["sets"][1]["sha256"]' <own.out)" = "$(sha256sum mine/texts/own.jsonl | cut -d ' ' -f 1)" ]
    sed -i 1d mine/texts/own.jsonl
    "$BIFORGET" lab mine/own.json -m tiny.gguf -o out --json >own.out 2>own.err
    [ "$(json 'd["sets"][1]["figures"]["n"]' <own.out)" = 2 ]
    [ "$(find out/sets -name 'file-*.jsonl' | wc -l)" = 2 ]
    : >mine/texts/own.jsonl # no text is no result
    run --separate-stderr "$BIFORGET" lab mine/own.json -m tiny.gguf -o out --json
    [ "$status" = 3 ]
    [ "$(json '"figures" in d["sets"][1], d["rows"][2]["failed"]' <<<"$output")" = "False True" ]
}

@test "an orphan of a killed lab is waited for, and half-written models go" {
    checked && skip "a checked build"
    touch out/models/target-00000000.gguf.aB3xYz out/models/mine.gguf.notes out/models/unlearned-ga-1-00000000.gguf
    (
        exec 9>>out/lab.lock 3>&-
        flock 9
        touch locked
        sleep 1.5
    ) &
    job=$!
    for _ in $(seq 100); do
        [ -e locked ] && break
        sleep 0.05
    done
    run --separate-stderr "$BIFORGET" lab spec.json -m tiny.gguf -o out --json
    wait "$job"
    job=
    [ "$status" = 0 ]
    [[ $stderr == *"waiting for another process that works on 'out'"* ]]
    [ ! -e out/models/target-00000000.gguf.aB3xYz ]
    [ -e out/models/mine.gguf.notes ] && [ -e out/models/unlearned-ga-1-00000000.gguf ]
    rm out/models/mine.gguf.notes out/models/unlearned-ga-1-00000000.gguf
}

# computing SPEC SEED: start a lab in the background; $job is the lab, $child the command that it runs for this seed.
computing() {
    "$BIFORGET" lab "$1" -m tiny.gguf -o out --json >computing.out 2>computing.err 3>&- &
    job=$!
    child=
    for _ in $(seq 600); do
        grep -q "seed $2" computing.err && child=$(pgrep -P "$job" | head -n 1)
        [ -n "$child" ] && return
        kill -0 "$job"
        sleep 0.02
    done
    false
}

@test "a command that a signal ends stops the lab, with tables; a command holds the lock" {
    checked && skip "a checked build"
    changed nine.json 'ga["forget_sets"] = ["originals"]' 'd["seeds"] = [9, 1]' 'd["methods"].insert(0, dict(ga, name="long", options=ga["options"][:3] + ["200000"] + ga["options"][4:], n_seeds=0))'
    computing nine.json 9
    find "/proc/$child/fd" -lname "*/out/lab.lock" | grep -q .
    kill -KILL "$child"
    local code=0
    wait "$job" || code=$?
    job=
    [ "$code" = 5 ]
    [[ $(tail -n 1 computing.err) == "biforget: signal 9 ended 'biforget unlearn "* ]]
    grep -q '"originals","ga",1' out/results.csv
    ! grep -q '"originals",[^,]*,9' out/results.csv
}

@test "bad experiments: one sentence each" {
    fails 3 "no-such.json" "$BIFORGET" lab no-such.json
    echo '{"name": "x"' >broken.json
    fails 3 "line 2" "$BIFORGET" lab broken.json
    sed 's/"seeds"/"sedes"/' spec.json >misspelt.json
    fails 3 'has an unknown key "sedes"; its keys are name, model' "$BIFORGET" lab misspelt.json
    sed 's/"planted"/"magic"/' spec.json >kind.json
    fails 3 'is of kind "magic"' "$BIFORGET" lab kind.json
    sed 's/"of": "BiForget"/"of": "nobody"/' spec.json >part.json
    fails 3 'part of "nobody"' "$BIFORGET" lab part.json
    sed 's/"circles": 3/"circles": 2/' spec.json >circles.json
    fails 3 "three circles" "$BIFORGET" lab circles.json -m tiny.gguf -o c
    sed 's/\["--max-steps", "2"/["--no-such-option", "2"/' spec.json >option.json
    fails 3 'the options of "train": ' "$BIFORGET" lab option.json -m no-such-model.gguf -o o -q
    [[ $stderr == *"no-such-option"* ]]
    changed bad.json 'ga["options"][0] = "--lrr"'
    fails 3 'the options of method "ga": ' "$BIFORGET" lab bad.json -m no-such-model.gguf
    changed bad.json 'ga["options"] += ["--seed", "4"]'
    fails 3 'leave --seed out of the options of method "ga"' "$BIFORGET" lab bad.json
    changed bad.json 'ga["method"] = "gaa"'
    fails 3 '"gaa" is not a method; give ga' "$BIFORGET" lab bad.json
    changed bad.json 'ga["method"] = "finetune"'
    fails 3 'finetune teaches what is to be forgotten' "$BIFORGET" lab bad.json
    changed bad.json 'ga.update(method="rmu", options=["--retain-loss", "kl"])'
    fails 3 'rmu keeps states' "$BIFORGET" lab bad.json -m tiny.gguf -o o
    changed bad.json 'sets[1]["options"][0] = "--runds"'
    fails 3 'the options of forget set "BiForget": ' "$BIFORGET" lab bad.json
    changed bad.json 'd["tofu"] += ["--k", "20"]'
    fails 3 'the options of "tofu": --k is an option of privleak' "$BIFORGET" lab bad.json
    changed bad.json 'sets[0]["path"] = "x.jsonl"'
    fails 3 'a set of kind file, and no other, has a "path"' "$BIFORGET" lab bad.json
    changed bad.json 'd["seeds"] = [1, 2, 1]'
    fails 3 "seed 1 is listed twice" "$BIFORGET" lab bad.json
    [ ! -e o ]
    fails 2 "--size tiny (minutes), --size small (hours), or a SPEC.json" "$BIFORGET" lab
    sed 's/{"method": "ga",/{"method": "ga", "forget_sets": ["nobody"],/' spec.json >sets.json
    fails 3 'for the forget set "nobody"' "$BIFORGET" lab sets.json
    sed 's/{"method": "ga",/{"method": "ga", "n_seeds": 17,/' spec.json >seeds.json
    fails 3 '"n_seeds" is not a whole number from 0 to 16' "$BIFORGET" lab seeds.json
    fails 2 "not both" "$BIFORGET" lab spec.json --size tiny
    fails 5 "is not a lab file" bash -c 'mkdir -p foreign && echo text >foreign/lab.db && exec "$BIFORGET" lab spec.json -m tiny.gguf -o foreign -q'
}
