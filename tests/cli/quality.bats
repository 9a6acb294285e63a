#!/usr/bin/env bats
# Comparing sets with a real model: every kind of set, kept vectors, every format, and sets that are too small or none at all.
load helper

q=(-m "$BIFORGET_TEST_MODEL" --domain "Greek mythology" --resamples 100 --seeds 2)

# texts SEED N: N lines about invented heroes.
texts() {
    awk -v seed="$1" -v n="$2" 'BEGIN {
        srand(seed)
        split("Zeus Hera Athena Apollo Ares Hermes Hades Artemis", who, " ")
        split("ruled loved fought hid saw gave built cursed", did, " ")
        split("sky sea war sun moon harvest lyre owl river", what, " ")
        for (i = 0; i < n; i++) {
            s = ""
            for (j = 0; j < 4; j++)
                s = s who[1 + int(rand() * 8)] " " did[1 + int(rand() * 8)] " the " what[1 + int(rand() * 9)] " of " who[1 + int(rand() * 8)] ". "
            print s
        }
    }'
}

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    tiny_run run -q >/dev/null
    texts 1 60 >a.txt
    texts 2 80 >b.txt
    env -u OMP_THREAD_LIMIT "$BIFORGET" quality run a.txt b.txt "${q[@]}" --json --map >all.json 2>all.err # all threads
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

# ours JSON NAME: the figures of one set that do not depend on the others.
ours() {
    json '[[s[k] for k in ("n", "n_sampled", "n_tokens", "chunks", "full_relevance", "remote_clique", "remote_clique_interval", "self_bleu", "self_bleu_interval", "distinct_2", "near_duplicates")] for s in d["sets"] if s["name"] == "'"$1"'"]'
}

@test "the JSON has what others rely on, and no number is missing without a reason" {
    [ "$(wc -l <all.json)" = 1 ]
    for key in name n relevance remote_clique self_bleu chunks; do
        [ "$(json "all('$key' in s for s in d['sets'])" <all.json)" = True ]
    done
    [ "$(json '[s["name"] for s in d["sets"]]' <all.json)" = "['run', 'a', 'b']" ]
    [ "$(json '[s["kind"] for s in d["sets"]]' <all.json)" = "['run', 'file', 'file']" ]
    [ "$(json '[s["n"] for s in d["sets"]][1:]' <all.json)" = "[60, 80]" ]
    [ "$(json 'all(s[k] is not None or k in s["why"] for s in d["sets"] for k in ("relevance", "full_relevance", "remote_clique", "self_bleu", "distinct_4", "coverage", "duplicates"))' <all.json)" = True ]
    [ "$(json 'all(s["relevance_interval"][0] <= s["relevance"] <= s["relevance_interval"][1] for s in d["sets"])' <all.json)" = True ]
    [ "$(json 'all(len(s["relevance_seeds"]) == 2 for s in d["sets"])' <all.json)" = True ]
    [ "$(json 'all(-(-s["n_tokens"] // 128) == s["chunks"] for s in d["sets"])' <all.json)" = True ]
    run ! grep -qi 'nan\|infinity' all.json
}

@test "differences are of each pair, sentences of the first set with the others" {
    [ "$(json 'len(d["differences"]), len(d["sentences"])' <all.json)" = "12 8" ]
    [ "$(json 'all(x["beyond_noise"] == (x["low"] > 0 or x["high"] < 0) for x in d["differences"] if x["low"] is not None)' <all.json)" = True ]
    # Two samples of one source do not differ; the model's own texts are more varied than lines of a few words.
    [ "$(json '[x["beyond_noise"] for x in d["differences"] if (x["a"], x["b"], x["figure"]) == (1, 2, "remote_clique")]' <all.json)" = "[False]" ]
    [ "$(json '[x["beyond_noise"] for x in d["differences"] if (x["a"], x["b"], x["figure"]) == (0, 1, "self_bleu")]' <all.json)" = "[True]" ]
}

@test "the map has a point for each chunk, with its text and where it begins" {
    [ "$(json 'len(d["map"]["points"]) == sum(s["chunks"] for s in d["sets"])' <all.json)" = True ]
    [ "$(json 'all(p["text"] and 1 <= p["sample"] <= d["sets"][p["set"]]["n"] for p in d["map"]["points"])' <all.json)" = True ]
    [ "$(json 'all((p["stage"] is not None) == (p["set"] == 0) for p in d["map"]["points"])' <all.json)" = True ]
    [ "$(json 'len(d["map"]["centroids"]), len(d["map"]["domain"])' <all.json)" = "3 2" ]
    run --separate-stderr "$BIFORGET" quality run a.txt "${q[@]}" --json
    [ "$(json '"map" in d' <<<"$output")" = False ]
}

@test "measuring again embeds nothing, nor does measuring one set more" {
    grep -Eq '^[1-9][0-9]* of [0-9]+ chunks embedded, [0-9]+ from the cache$' all.err
    run --separate-stderr "$BIFORGET" quality run a.txt b.txt "${q[@]}" --json --map
    [ "$status" = 0 ]
    n=$(json 'd["embedded"] + d["cached"]' <all.json)
    [[ $stderr == *"0 of $n chunks embedded, $n from the cache"* ]]
    [ "$(json 'd["embedded"]' <<<"$output")" = 0 ]
    # The same bytes but for these two counts, at another number of threads, too.
    same='{k: v for k, v in d.items() if k not in ("embedded", "cached")}'
    [ "$(json "$same" <<<"$output")" = "$(json "$same" <all.json)" ]
    run --separate-stderr "$BIFORGET" quality run a.txt b.txt "${q[@]}" --json --map -t 1
    [ "$(json "$same" <<<"$output")" = "$(json "$same" <all.json)" ]
    texts 9 20 >more.txt
    run --separate-stderr "$BIFORGET" quality run a.txt more.txt "${q[@]}" --json
    [ "$(json '0 < d["embedded"] <= d["sets"][2]["chunks"]' <<<"$output")" = True ]
}

# bats test_tags=slow
@test "the order of the sets does not matter for a set's own figures" {
    run --separate-stderr "$BIFORGET" quality b.txt a.txt run "${q[@]}" --json
    [ "$status" = 0 ]
    for name in run a b; do
        [ "$(ours $name <<<"$output")" = "$(ours $name <all.json)" ] || { ours $name <<<"$output" >&2; ours $name <all.json >&2; false; }
    done
}

# bats test_tags=slow
@test "variants of a run, and names" {
    run --separate-stderr "$BIFORGET" quality run:fix run:mi run:jailbreak all=run -m "$BIFORGET_TEST_MODEL" --resamples 100 --seeds 1 --json
    [ "$status" = 0 ] # the domain is the run's
    [ "$(json '[s["name"] for s in d["sets"]]' <<<"$output")" = "['run:fix', 'run:mi', 'run:jailbreak', 'all']" ]
    for v in fix mi jailbreak both; do
        n=$("$BIFORGET" export run --format txt --variant $v --no-manifest -q | wc -l)
        [ "$(json "[s['n'] for s in d['sets'] if s['variant'] == '$v']" <<<"$output")" = "[$n]" ]
    done
    [ "$(json 'd["domain"]' <<<"$output")" = "Greek mythology" ]
    [ "$(json 'd["sets"][3]["coverage_n"] > 0 and 0 <= d["sets"][3]["coverage"] <= 1' <<<"$output")" = True ]
}

# bats test_tags=slow
@test "exports and folders of the official scripts are the run again" {
    for f in hf muse open-unlearning; do "$BIFORGET" export run --format $f -o "as-$f" -q; done
    "$BIFORGET" export run --format jsonl -o as.jsonl --no-manifest -q
    mkdir -p official
    cp a.txt official/synthetic_Greek_mythology_fix.txt
    run --separate-stderr "$BIFORGET" quality run as-hf as-muse as-open-unlearning as.jsonl official a.txt "${q[@]}" --json
    [ "$status" = 0 ]
    [ "$(json '[s["kind"] for s in d["sets"]]' <<<"$output")" = "['run', 'hf', 'muse', 'open-unlearning', 'file', 'official', 'file']" ]
    [ "$(json 'len({(s["n"], s["n_tokens"], s["remote_clique"], s["self_bleu"]) for s in d["sets"][:5]})' <<<"$output")" = 1 ]
    [ "$(json 'd["sets"][5]["self_bleu"] == d["sets"][6]["self_bleu"]' <<<"$output")" = True ]
    [ "$(json 'sorted({x["beyond_noise"] for x in d["differences"] if x["b"] < 5})' <<<"$output")" = "[False]" ]
    run --separate-stderr "$BIFORGET" quality as-hf:fix "${q[@]}" --json
    [ "$(json 'd["sets"][0]["variant"]' <<<"$output")" = fix ]
}

@test "each format" {
    run --separate-stderr "$BIFORGET" quality run a.txt 'odd_%|"name"=b.txt' "${q[@]}" -q
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    [[ $output == *"relevance"*"full distance"*"diversity"*"Self-BLEU"* ]]
    [[ $output == *"beyond noise"* ]]
    [ "$(sed '/beyond noise\|cannot be compared/d' <<<"$output" | wc -L)" -le 100 ]
    [ "$("$BIFORGET" quality run a.txt "${q[@]}" -q --csv | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
print([r["name"] for r in rows], all(float(r["full_relevance"]) >= 0 for r in rows), rows[1]["coverage"] == "")')" = "['run', 'a'] True True" ]
    run --separate-stderr "$BIFORGET" quality run 'odd_%|"name"=b.txt' "${q[@]}" -q --format markdown
    [[ $output == *'| odd\_%\|"name" | 80 |'* ]]
    run --separate-stderr "$BIFORGET" quality run 'odd_%|"name"=b.txt' "${q[@]}" -q --format latex
    [[ $output == *'\toprule'*'odd\_\%|"name" & 80 & '*'\bottomrule'* ]]
}

@test "a vector file for sets that are not runs" {
    run --separate-stderr "$BIFORGET" quality a.txt "${q[@]}" --cache v.db --json
    [ "$(json 'd["cached"]' <<<"$output")" = 0 ]
    run --separate-stderr "$BIFORGET" quality a.txt b.txt "${q[@]}" --cache v.db --json
    [ "$(json 'd["cached"] == d["sets"][0]["chunks"] + 1' <<<"$output")" = True ] # and the domain's name
    run --separate-stderr "$BIFORGET" quality a.txt "${q[@]}" --json
    [ "$(json 'd["cached"]' <<<"$output")" = 0 ] # nothing was kept beside it
    [ "$(stat -c %a v.db)" = 600 ]
    fails 2 "is read and cannot be written too" "$BIFORGET" quality a.txt "${q[@]}" --cache a.txt -q
    fails 5 "another program made it" "$BIFORGET" quality a.txt "${q[@]}" --cache b.txt -q
}


@test "a sentence embedder in place of the model" {
    run --separate-stderr "$BIFORGET" quality a.txt "${q[@]}" --embedder "$BIFORGET_TEST_EMBEDDER" --json
    [ "$status" = 0 ]
    [ "$(json 'len(d["embedder"]["sha256"]), d["sets"][0]["chunks"]' <<<"$output")" = "64 $(json 'd["sets"][1]["chunks"]' <all.json)" ]
    [ "$(json 'd["sets"][0]["remote_clique"]' <<<"$output")" != "$(json 'd["sets"][1]["remote_clique"]' <all.json)" ]
}

@test "a run that another process works on is measured, without keeping" {
    cp -r run busy
    exec 9>>busy/run.lock
    flock 9
    run --separate-stderr "$BIFORGET" quality busy "${q[@]}" --json
    flock -u 9
    [ "$status" = 0 ]
    [[ $stderr == *"vectors are not kept in 'busy'"* ]]
    [ "$(ours busy <<<"$output")" = "$(ours run <all.json)" ]
    [ "$(json 'd["embedded"]' <<<"$output")" = 0 ] # what is there is read
}

@test "tiny sets: an answer for each figure" {
    echo "Zeus rules the sky." >one.txt
    for _ in $(seq 60); do echo "Zeus rules the sky and the thunder over all the mountains."; done >same.txt
    printf 'Zeus rules.\nHera hides.\nAres fights.\n' >three.txt
    for s in one same three; do
        run --separate-stderr "$BIFORGET" quality $s.txt "${q[@]}" --json
        [ "$status" = 0 ]
        [ "$(json 'all(s[k] is not None or k in s["why"] for s in d["sets"] for k in ("relevance", "remote_clique", "self_bleu"))' <<<"$output")" = True ]
        [[ ${output,,} != *nan* && ${output,,} != *infinity* ]]
        run --separate-stderr "$BIFORGET" quality $s.txt "${q[@]}" -q
        [[ ${output,,} != *nan* ]]
    done
    run --separate-stderr "$BIFORGET" quality one.txt "${q[@]}" -q
    [[ $output == *"one: no relevance: "*"one: no diversity: needs two chunks or more"*"one: no Self-BLEU: needs two texts or more"* ]]
    run --separate-stderr "$BIFORGET" quality same.txt "${q[@]}" --json
    [ "$(json '(d["sets"][0]["self_bleu"], round(d["sets"][0]["duplicates"], 4))' <<<"$output")" = "(1.0, 0.9833)" ]
    # Fewer chunks than the perplexity wants: it is lowered.
    run --separate-stderr "$BIFORGET" quality same.txt "${q[@]}" --json --map
    [ "$(json '1 <= d["map"]["perplexity"] < 8' <<<"$output")" = True ]
}

@test "a path that is not a set, and domains without tokens" {
    : >empty.txt
    mkdir -p folder
    fails 2 "give the sets" "$BIFORGET" quality
    fails 2 "no set says what its domain is" "$BIFORGET" quality a.txt -m "$BIFORGET_TEST_MODEL"
    fails 2 "domain's name is empty" "$BIFORGET" quality a.txt --domain "  " -m "$BIFORGET_TEST_MODEL"
    fails 3 "it is empty" "$BIFORGET" quality empty.txt "${q[@]}" -q
    fails 3 "no such file or folder" "$BIFORGET" quality nothing.txt "${q[@]}" -q
    fails 3 "is not a set" "$BIFORGET" quality folder "${q[@]}" -q
    fails 3 "leave ':fix' out" "$BIFORGET" quality a.txt:fix "${q[@]}" -q
    fails 4 "no-such-model" "$BIFORGET" quality a.txt --domain Zeus -m no-such-model
    printf '{"text":"Zeus"}\n{"text":\n' >broken.jsonl
    fails 3 "broken.jsonl:2" "$BIFORGET" quality broken.jsonl "${q[@]}" -q
    run --separate-stderr "$BIFORGET" quality broken.jsonl "${q[@]}" -q --skip-bad --json
    [ "$(json 'd["sets"][0]["n"]' <<<"$output")" = 1 ]
}

# bats test_tags=slow
@test "200,000 lines in one pass and little memory" {
    awk 'BEGIN { for (i = 0; i < 200000; i++) print "Zeus saw " i " owls" }' >large.txt
    run --separate-stderr /usr/bin/env python3 - "$BIFORGET" "$BIFORGET_TEST_MODEL" <<'PY'
import json, resource, subprocess, sys
def peak(n_lines):
    with open("part.txt", "w") as out:
        out.writelines(open("large.txt").readlines()[:n_lines])
    p = subprocess.Popen([sys.argv[1], "quality", "part.txt", "-m", sys.argv[2], "--domain", "Greek mythology", "--json", "-q", "--cache", "large.db",
        "--chunks", "8", "--seeds", "1", "--resamples", "100", "--texts", "500", "--hypotheses", "50"], stdout=subprocess.PIPE)
    out = p.stdout.read()
    _, status, usage = __import__("os").wait4(p.pid, 0)
    assert status == 0
    return json.loads(out)["sets"][0], usage.ru_maxrss / 1024
small, small_mb = peak(10000)
large, large_mb = peak(200000)
assert large["n"] == 200000 and large["n_sampled"] == 500 and large["chunks_sampled"] == 12, large
assert large["chunks"] == -(-large["n_tokens"] // 128) and large["n_tokens"] > 5 * 200000, large
# A checked build holds freed memory back on purpose.
checked = b"__asan_init" in open(sys.argv[1], "rb").read()
assert checked or large_mb < small_mb + 20, (small_mb, large_mb)
PY
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
}

@test "Ctrl-C keeps what is embedded" {
    texts 7 3000 >long.txt
    "$BIFORGET" quality long.txt "${q[@]}" --cache long.db 2>long.err >/dev/null &
    job=$!
    for _ in $(seq 300); do
        [ -e long.db ] && [ "$(python3 -c 'import sqlite3; print(sqlite3.connect("file:long.db?mode=ro", uri=True).execute("select count(*) from vector").fetchone()[0])' 2>/dev/null || echo 0)" -gt 0 ] && break
        sleep 0.1
    done
    kill -INT $job
    code=0
    wait $job || code=$?
    [ "$code" = 130 ]
    grep -q 'resumes from there' long.err
    [ "$(python3 -c 'import sqlite3; print(sqlite3.connect("long.db").execute("select count(*) from vector").fetchone()[0] >= 16)')" = True ]
}
