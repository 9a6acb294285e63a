#!/usr/bin/env bats
# Documents must not drift: what the program writes itself is compared byte for byte, and every link in a *.md leads somewhere.
load helper

setup() {
    cd "$BIFORGET_SOURCE"
}

# same FILE OPTION...: the committed document is what the program prints.
same() {
    local file=$1
    shift
    "$BIFORGET" help "$@" >"$BATS_TEST_TMPDIR/fresh"
    diff -u "$file" "$BATS_TEST_TMPDIR/fresh" || {
        echo "$file is stale: run 'make docs' and commit the result"
        return 1
    }
}

# Each link of the *.md files under a folder that leads to no file, or to a file without that heading.
broken_links() {
    local root=$1 document target file anchor
    while IFS= read -r document; do
        while IFS= read -r target; do
            case $target in
            *://* | mailto:*) continue ;;
            esac
            file=${target%%#*}
            anchor=
            [ "$file" = "$target" ] || anchor=${target#*#}
            if [ -z "$file" ]; then file=$document; else file=$(dirname "$document")/$file; fi
            if [ ! -e "$file" ]; then
                echo "$document: no such file: $target"
            elif [ -n "$anchor" ] && ! headings "$file" | grep -qxF -- "$anchor"; then
                echo "$document: no such heading: $target"
            fi
        done < <(prose "$document" | grep -oE '\]\([^) ]+\)|(src|href)="[^"]+"' | sed -E 's/^\]\(//; s/\)$//; s/^(src|href)="//; s/"$//')
    done < <(find "$root" \( -name build -o -name .git -o -name runs -o -name .cache \) -prune -o -name '*.md' -print)
}

# A document without its code blocks.
prose() {
    awk '/^ *```/ { code = !code; next } !code' "$1"
}

# The anchors that a document's headings have on the usual hosts.
headings() {
    prose "$1" | sed -nE 's/^#+ +//p' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

commands_of_overview() { "$BIFORGET" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'; }

@test "the manual has a page for the program and for each command, as the program prints them, and no other" {
    same docs/man/biforget.1 --man
    pages=docs/man/biforget.1
    for command in $(commands_of_overview); do
        same "docs/man/biforget-$command.1" --man "$command"
        pages+=$'\n'docs/man/biforget-$command.1
    done
    [ "$(sort <<<"$pages")" = "$(find docs/man -type f | sort)" ]
    [ "$(wc -l <<<"$pages")" -ge 10 ]
    fails 2 "'domian' is not a biforget command" "$BIFORGET" help --man domian
}

@test "the bash completion is what the program prints" {
    same completions/biforget.bash --completion bash
}

@test "the zsh completion is what the program prints" {
    same completions/_biforget --completion zsh
}

@test "the fish completion is what the program prints" {
    same completions/biforget.fish --completion fish
}

@test "the page of a command has all of its options; that of the program leads to all pages" {
    for command in $(commands_of_overview); do
        page=docs/man/biforget-$command.1
        grep -qF ".BR biforget\\-$command (1)" docs/man/biforget.1
        for option in $("$BIFORGET" "$command" --help-all | sed -nE 's/^  (-[a-z],|   ) --([a-z0-9-]+).*/\2/p'); do
            [ "$option" = help ] || grep -qF "\\-\\-${option//-/\\-}\\fR" "$page" || { echo "$page has no --$option"; return 1; }
        done
    done
    # A command leads to those that its help names.
    grep -qF '.BR biforget\-resume (1)' docs/man/biforget-domain.1
}

@test "groff and mandoc render the manual pages without a warning" {
    command -v groff >/dev/null || skip "no groff"
    for page in docs/man/*.1; do
        groff -man -Tutf8 -P-cbu -ww "$page" >"$BATS_TEST_TMPDIR/page" 2>"$BATS_TEST_TMPDIR/warnings"
        [ ! -s "$BATS_TEST_TMPDIR/warnings" ] || { cat "$BATS_TEST_TMPDIR/warnings"; return 1; }
        for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' 'SEE ALSO'; do
            grep -q "$section" "$BATS_TEST_TMPDIR/page" || { echo "$page has no $section"; return 1; }
        done
    done
    # The pages have no date: the same program prints the same bytes on any day.
    ! command -v mandoc >/dev/null || ! mandoc -T lint -W warning docs/man/*.1 | grep -v 'missing date'
}

@test "make install puts all pages where man looks for them" {
    command -v man >/dev/null || skip "no man"
    DESTDIR=$BATS_TEST_TMPDIR/root cmake --install "$(dirname "$BIFORGET")" --prefix /usr >/dev/null
    diff -r docs/man "$BATS_TEST_TMPDIR/root/usr/share/man/man1"
    run man -M "$BATS_TEST_TMPDIR/root/usr/share/man" biforget-unlearn
    [ "$status" = 0 ]
    [[ $output == *"make a model forget a set"*"--method"* ]]
}

@test "bash reads its completion, and it offers commands, options and choices" {
    bash -n completions/biforget.bash
    complete_line() {
        bash -c '. completions/biforget.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _biforget; echo "${COMPREPLY[*]}"' - "$@"
    }
    [ "$(complete_line biforget exp)" = export ]
    [ "$(complete_line biforget export --vari)" = --variant ]
    [ "$(complete_line biforget domain -p qu)" = quick ]
    [ "$(complete_line biforget help quant)" = quantize ]
}

@test "apostrophes stay in what zsh and fish say about an option" {
    grep -qE "[a-z]'\\\\''s " completions/_biforget
    grep -qE "[a-z]'\\\\''s " completions/biforget.fish
    ! grep -qE "[a-z] s [a-z]" completions/_biforget
}

@test "zsh reads its completion" {
    command -v zsh >/dev/null || skip "no zsh"
    zsh -n completions/_biforget
}

@test "fish reads its completion" {
    command -v fish >/dev/null || skip "no fish"
    fish --no-execute completions/biforget.fish
}

@test "every relative link in the documents leads somewhere" {
    run broken_links .
    echo "$output"
    [ -z "$output" ]
}

@test "the link check sees a missing file and a missing heading" {
    mkdir "$BATS_TEST_TMPDIR/docs"
    printf '# A heading, and more\n[a](#a-heading-and-more) [b](docs/b.md#two) [c](docs/c.md) [d](docs/b.md#three) [e](https://example.org/x)\n' \
        >"$BATS_TEST_TMPDIR/a.md"
    printf '## Two\n```\n[not a link](nowhere.md)\n```\n<img src="f.png">\n' >"$BATS_TEST_TMPDIR/docs/b.md"
    run broken_links "$BATS_TEST_TMPDIR"
    echo "$output"
    [ "${#lines[@]}" -eq 3 ]
    [[ $output == *"no such file: docs/c.md"* ]]
    [[ $output == *"no such heading: docs/b.md#three"* ]]
    [[ $output == *"no such file: f.png"* ]]
}

# The files of src/ that a document names, as `room/file.c` or src/room/file.c.
sources_named() {
    grep -hoE '(src/|`)[a-z]+/[a-z_0-9]+\.(c|h|cpp)\b' "$@" | sed -E 's/^(src\/|`)//' | sort -u
}

@test "every source file that the documents name is there" {
    n=0
    while IFS= read -r file; do
        [ -e "src/$file" ] || { echo "no src/$file: $(grep -l "$file" ./*.md docs/*.md | tr '\n' ' ')"; return 1; }
        n=$((n + 1))
    done < <(sources_named ./*.md docs/*.md)
    [ "$n" -ge 50 ]
}

@test "the picture of the rooms is drawn from the table that the layer check enforces" {
    tools/check_layers.sh --table | python3 scripts/draw_rooms.py >"$BATS_TEST_TMPDIR/rooms.svg"
    cmp docs/pictures/rooms.svg "$BATS_TEST_TMPDIR/rooms.svg" || { echo "run 'make docs' and commit the result"; return 1; }
}

@test "the README is short, and leads to every document and picture" {
    [ "$(wc -l <README.md)" -le 150 ]
    for document in docs/*.md ./*.md; do
        document=${document#./}
        [ "$document" = README.md ] || grep -qF "]($document)" README.md || { echo "README.md does not link to $document"; return 1; }
    done
    for picture in docs/pictures/*; do
        grep -qF "pictures/${picture##*/})" README.md docs/*.md || { echo "no document shows $picture"; return 1; }
        [ "$(wc -c <"$picture")" -le 200000 ] || { echo "$picture is larger than 200,000 bytes"; return 1; }
    done
}
