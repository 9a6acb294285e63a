#!/usr/bin/env bats
# Disks that are full or cannot be written, and two processes at one run.
load helper

teardown() {
    [ -z "${job:-}" ] || kill -9 "$job" 2>/dev/null || true
    [ -z "${mounted:-}" ] || umount -l "$mounted"
}

# small_disk DIR OPTIONS: a small file system of our own, or skip.
small_disk() {
    mkdir -p "$1"
    [ "$(id -u)" = 0 ] || skip "needs root for a small file system"
    mount -t tmpfs -o "$2" tmpfs "$1" 2>/dev/null || skip "cannot mount here"
    mounted=$1
}

@test "a folder that cannot be written: exit code 5, nothing generated" {
    if [ "$(id -u)" = 0 ]; then
        small_disk "$BATS_TEST_TMPDIR/disk" size=4m
        mount -o remount,ro "$BATS_TEST_TMPDIR/disk"
    else
        mkdir "$BATS_TEST_TMPDIR/disk"
        chmod 500 "$BATS_TEST_TMPDIR/disk"
    fi
    fails 5 "disk/run" tiny_run "$BATS_TEST_TMPDIR/disk/run" -q
}

@test "a disk that fills up: exit code 5, the run readable, and whole after resume" {
    small_disk "$BATS_TEST_TMPDIR/disk" size=4m
    local dir=$BATS_TEST_TMPDIR/disk/run
    tiny_run "$dir" --max-samples 400 --samples-per-prompt 100 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out" 3>&- &
    job=$!
    until_commit "$dir"
    dd if=/dev/zero of="$BATS_TEST_TMPDIR/disk/filler" bs=4k 2>/dev/null || true
    code=0
    wait "$job" || code=$?
    job=
    [ "$code" = 5 ]
    tail -n 1 "$BATS_TEST_TMPDIR/err" | grep -q '^biforget: .*disk'
    [ ! -s "$BATS_TEST_TMPDIR/out" ]
    # Reading needs no room.
    "$BIFORGET" status "$dir" --json >"$BATS_TEST_TMPDIR/status"
    [ "$(json 'd["finished"]' <"$BATS_TEST_TMPDIR/status")" = False ]
    "$BIFORGET" export "$dir" >"$BATS_TEST_TMPDIR/some.jsonl"
    # With room again it goes on; no sample is lost or doubled.
    rm "$BATS_TEST_TMPDIR/disk/filler"
    timeout -s INT 3 "$BIFORGET" resume "$dir" -q >/dev/null 2>"$BATS_TEST_TMPDIR/err2" || code=$?
    [ "$code" = 5 ] || [ "$code" = 124 ] || [ "$code" = 130 ]
    [ "$("$BIFORGET" show "$dir" --limit 0 | grep -oE '^[a-z]+-[0-9]{6}' | sort | uniq -d | wc -l)" = 0 ]
    "$BIFORGET" export "$dir" | head -c "$(stat -c %s "$BATS_TEST_TMPDIR/some.jsonl")" | cmp - "$BATS_TEST_TMPDIR/some.jsonl"
}

@test "a second process at the same run" {
    local dir=$BATS_TEST_TMPDIR/run
    tiny_run "$dir" -q --max-samples 1 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 >/dev/null
    rm "$dir/forget.jsonl"
    (
        exec 9<>"$dir/run.lock" 3>&-
        flock 9
        exec sleep 60
    ) &
    job=$!
    for _ in $(seq 200); do
        flock -n "$dir/run.lock" true || break
        sleep 0.05
    done
    fails 5 "another biforget" "$BIFORGET" resume "$dir" -q
    "$BIFORGET" status "$dir" >/dev/null # readers are not disturbed
    "$BIFORGET" show "$dir" >/dev/null
}
