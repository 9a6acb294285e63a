# What the browser's tests share.

# The interpreter that has Selenium: on a machine with several, the distribution's.
python_with_selenium() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import selenium' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

# In setup_file.
needs_browser() {
    if ! command -v chromedriver >/dev/null || ! python_with_selenium >/dev/null; then
        [ -z "${CI:-}" ] || { printf 'no browser: scripts/setup test installs it\n' >&2; return 1; }
        skip "no browser here: scripts/setup test installs chromium, chromium-driver, python3-selenium"
    fi
}
