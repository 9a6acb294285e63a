#!/usr/bin/env bats
# An experiment's page in a real browser, out of results that lab_results.py makes up; tests/cli/lab.bats has the page of a real one.
load ../cli/helper
load browser

setup_file() {
    needs_browser
}

@test "an experiment's page, on a phone and a desktop, light and dark, with mouse and keys" {
    cd "$BATS_TEST_TMPDIR"
    export INJECTED='</script><img src=x onerror="window.injected=1"><script>window.injected=1</script>'
    local spec=$BIFORGET_SOURCE/lab/small.json make=$BIFORGET_SOURCE/tests/browser/lab_results.py
    python3 "$make" "$spec" 3 >main.json
    python3 "$make" "$spec" 1 "$INJECTED" >injected.json
    for name in main injected; do
        "$BIFORGET_LAB_PAGE_FILE" "$name.json" "$name.html" "$name.svg"
        python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$name.svg"
    done
    "$(python_with_selenium)" "$BIFORGET_SOURCE/tests/browser/lab_browser.py" "$(dirname "$BIFORGET")/report-screenshots" \
        main=main.html injected=injected.html
}
