#!/usr/bin/env bats
# The report of real runs in a real browser; report_browser.py says what is checked. Screenshots stay in the build folder.
load ../cli/helper
load browser

setup_file() {
    needs_browser
}

@test "every kind of page, on a phone and a desktop, light and dark, with mouse, touch and keys" {
    cd "$BATS_TEST_TMPDIR"
    printf 'Water boils at one hundred degrees.\nBread is made of flour, water and yeast.\n' >keep.txt
    export INJECTED='</script><img src=x onerror="window.injected=1"><script>window.injected=1</script>'
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o run -q \
        --rounds 1 --points-per-round 3 --temperatures 0.7,1.0 --max-new-tokens 24 --max-samples 24 --mi-samples 8 \
        --jailbreak-samples 4 --control-samples 4 --diversity-batch 8 >/dev/null
    "$BIFORGET" resume run --retain-set keep.txt --then graddiff --then-options "--lora --max-steps 6 --batch 2 --accum 1 --max-length 48 \
        --measure 2 --answers 1 --lora-rank 4" --eval --eval-limit 2 -q >/dev/null
    for i in $(seq 12); do
        printf '%s %d %s\n' "Zeus ruled the sky and Poseidon the sea, as story number" "$i" "tells. $INJECTED <!-- & -->"
    done >injected.txt
    "$BIFORGET" import injected.txt --name "<b onclick=alert(1)>outside</b>" -o injected -q >/dev/null
    "$BIFORGET" report run "from outside=injected.txt" --seeds 1 -q -o main.html
    # Stopped while it writes: whatever is there makes a page.
    tiny_run part -q --max-samples 400 --samples-per-prompt 100 >/dev/null 2>&1 3>&- &
    job=$!
    until_commit part
    kill -INT "$job"
    wait "$job" || true
    "$BIFORGET" report part --stored -q
    local shots
    shots=$(dirname "$BIFORGET")/report-screenshots
    "$(python_with_selenium)" "$BIFORGET_SOURCE/tests/browser/report_browser.py" "$shots" main=main.html stored=run/report.html \
        injected=injected/report.html part=part/report.html
}
