#!/usr/bin/env bats
# The report as a file: what it holds, where it is written, what it says about runs of every kind. tests/browser looks at it.
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    tiny_run run -q >out
    for i in $(seq 40); do echo "Zeus and Hera quarrelled about number $i on Mount Olympus, and the clouds were dark."; done >a.txt
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

# data FILE: the object that a page shows.
data() {
    python3 -c '
import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
text = re.search(r"<script type=\"application/json\" id=\"data\">(.*?)</script>", page, re.S).group(1)
assert not set(text) & set("<>&")
print(json.dumps(json.loads(text, parse_constant=lambda word: sys.exit(word + " in the page"))))' "$1"
}

@test "a run ends with its page: private, offline, one policy, and the summary names it" {
    [ "$(stat -c %a run/report.html)" = 600 ]
    [ "$(stat -c %s run/report.html)" -lt 2000000 ]
    grep -q 'run/report.html' out
    [ "$(grep -c 'Content-Security-Policy' run/report.html)" = 1 ]
    [ "$(grep -ocE '(src|href)="(https?:)?//' run/report.html)" = 0 ]
    data run/report.html >page.json
    [ "$(json 'd["finished"], d["title"]' <page.json)" = "True Greek mythology" ]
    # The quick page has the map of the stored vectors, with the domain.
    [ "$(json 'len(d["map"]["domain"]), "stored with the samples" in d["map"]["basis"]' <page.json)" = "2 True" ]
    [ "$(json 'd["comparison"]["sets"][0]["relevance"] is not None, d["comparison"]["sets"][0]["chunks"]' <page.json)" = "True None" ]
    # Every sample that the run holds, and the same hash as the file's.
    [ "$(json 'd["samples"]["n"] == len(d["samples"]["rows"])' <page.json)" = True ]
    [ "$(json '[h[2] for h in d["settings"]["hashes"] if h[0] == "forget.jsonl"][0]' <page.json)" = "$(sha256sum run/forget.jsonl | cut -d' ' -f1)" ]
    run ! grep -q "$PWD" run/report.html
}

@test "the command on the page makes the run again" {
    local command
    command=$(data run/report.html | json 'd["settings"]["command"]')
    command=${command#biforget }
    mkdir -p again
    cd again
    ln -sf "$BIFORGET_TEST_MODEL" "$BIFORGET_TEST_EMBEDDER" .
    eval "\"\$BIFORGET\" $command -o run -q" >/dev/null
    cmp run/forget.jsonl ../run/forget.jsonl
    cmp run/report.html ../run/report.html || diff <(data run/report.html | jq 'del(.settings.times)') <(data ../run/report.html | jq 'del(.settings.times)')
}

@test "the figures are those of quality; other sets stand beside the run" {
    run --separate-stderr "$BIFORGET" report run "plain=a.txt" --seeds 2 --svg figures -o page.html
    [ "$status" = 0 ]
    [ "$output" = page.html ]
    [[ $stderr == *"chunks embedded"* ]]
    data page.html >page.json
    "$BIFORGET" quality run "plain=a.txt" --seeds 2 --json -q >quality.json
    for figure in n chunks relevance full_relevance remote_clique self_bleu self_bleu_interval distinct_2 duplicates; do
        [ "$(json "[s['$figure'] for s in d['comparison']['sets']]" <page.json)" = "$(json "[s['$figure'] for s in d['sets']]" <quality.json)" ]
    done
    [ "$(json 'd["map"]["sets"], len(d["map"]["centroids"])' <page.json)" = "['run', 'plain'] 2" ]
    # Pictures that an XML parser reads.
    for name in map diversity min-k; do
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "figures/$name.svg"
        [ "$(stat -c %a "figures/$name.svg")" = 600 ]
    done
    grep -q '>plain</text>' figures/map.svg
    # Again nothing is embedded, and the bytes are the same.
    run --separate-stderr "$BIFORGET" report run "plain=a.txt" --seeds 2 --threads 1 -o again.html
    [[ $stderr == *" 0 of "* || $stderr == "0 of "* || $stderr == *$'\n'"0 of "* ]]
    cmp page.html again.html
}

@test "texts of models stay data" {
    printf '%s\n' '</script><img src=x onerror=alert(1)> stays a text' '<!-- <script>alert(2)</script> {{data}}' 'plain words & more' >bad.txt
    "$BIFORGET" import bad.txt --name '</title><script>alert(3)</script>' -o bad -q >/dev/null
    [ "$(grep -c '<img\|alert(1)>' bad/report.html)" = 0 ]
    [ "$(grep -o '<script' bad/report.html | wc -l)" = 2 ]
    data bad/report.html >page.json
    [ "$(json 'd["samples"]["rows"][0][-1]' <page.json)" = '</script><img src=x onerror=alert(1)> stays a text' ]
    [ "$(json '"no vector is stored" in d["map"]["why"]' <page.json)" = True ]
    # Wording needs no vectors.
    [ "$(json 'd["comparison"]["sets"][0]["remote_clique"], d["comparison"]["sets"][0]["self_bleu"] is not None' <page.json)" = "None True" ]
}

@test "a huge set: the page keeps to two megabytes and says how many samples it shows" {
    awk 'BEGIN { srand(1); for (i = 0; i < 30000; i++) { s = ""; for (j = 0; j < 30; j++) s = s "w" int(rand() * 3000) (j % 7 ? " " : " < "); print s } }' >huge.txt
    "$BIFORGET" import huge.txt -o huge -q >/dev/null
    [ "$(stat -c %s huge/report.html)" -le 2000000 ]
    [ "$(stat -c %s huge/report.html)" -gt 1000000 ]
    data huge/report.html >page.json
    [ "$(json 'd["samples"]["n"], len(d["samples"]["rows"]) < 30000, d["samples"]["every"] > 1' <page.json)" = "30000 True True" ]
}

@test "one text, equal texts, and a run that is not finished" {
    echo "Zeus rules the sky." >one.txt
    "$BIFORGET" import one.txt -o one -q >/dev/null
    "$BIFORGET" report one -m "$BIFORGET_TEST_MODEL" --domain "Greek mythology" -q
    data one/report.html >page.json
    [ "$(json '"why" in d["map"], d["comparison"]["sets"][0]["remote_clique"]' <page.json)" = "True None" ]
    # Not as an import, which takes a text once: as a file beside it.
    yes "Zeus rules the sky." | head -n 200 >equal.txt
    "$BIFORGET" report one equal.txt -m "$BIFORGET_TEST_MODEL" --domain "Greek mythology" -q --seeds 1
    data one/report.html >page.json
    [ "$(json 'd["comparison"]["sets"][1]["duplicates"]' <page.json)" = 0.995 ]

    tiny_run part -q --max-samples 400 --samples-per-prompt 100 >/dev/null 2>&1 3>&- &
    job=$!
    until_commit part
    kill -9 "$job"
    wait "$job" || true
    [ ! -e part/report.html ]
    "$BIFORGET" report part --stored -q
    data part/report.html >page.json
    [ "$(json 'd["finished"], any("not finished" in w["text"] for w in d["words"])' <page.json)" = "False True" ]
}

@test "many requests, instances: a set for each, and originals" {
    printf '%s\n' '{"text": "Zeus ruled the sky from Mount Olympus."}' '{"question": "Who ruled the sea?", "answer": "Poseidon ruled the sea."}' >facts.jsonl
    printf '%s\n' '{"domain": "Greek mythology", "rounds": 1, "points_per_round": 2, "max_samples": 6, "mi_samples": 0, "jailbreak_samples": 0, "control_samples": 0, "max_new_tokens": 16}' \
        '{"instances": "facts.jsonl", "name": "facts", "max_new_tokens": 16, "max_samples": 4}' >requests.jsonl
    "$BIFORGET" run requests.jsonl -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o many -q >/dev/null
    data many/report.html >page.json
    [ "$(json 'd["title"], d["map"]["sets"], d["map"]["domain"]' <page.json)" = "2 requests ['greek-mythology', 'facts'] None" ]
    # The map is not lost when a finished run is taken up again without its page.
    rm many/report.html
    "$BIFORGET" resume many -q >/dev/null
    [ "$(data many/report.html | json 'd["map"]["sets"]')" = "['greek-mythology', 'facts']" ]
}

@test "to standard output; without the model; and what cannot be" {
    "$BIFORGET" report run --stored -o - -q >stdout.html
    cmp stdout.html run/report.html
    fails 2 "give the run folder" "$BIFORGET" report
    fails 5 "no such" "$BIFORGET" report nothing
    fails 2 "--stored is about one run" "$BIFORGET" report run a.txt --stored
    fails 3 "no such file" "$BIFORGET" report run missing.txt
    fails 5 "is a folder" "$BIFORGET" report run --stored -q -o "$PWD"
    # A page that cannot be written is an exit code, when all else is done: the run is complete.
    mkdir -p blocked/report.html
    run --separate-stderr "$BIFORGET" import a.txt -o blocked
    [ "$status" = 5 ]
    [[ $stderr == *"the run is complete, but its report is not written"* ]]
    [ -s blocked/forget.jsonl ]
}
