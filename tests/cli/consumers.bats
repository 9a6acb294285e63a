#!/usr/bin/env bats
# The projects that read our exports read them: tests/consumers/check.py says what is looked at. What they import is installed
# once, by scripts/consumers; when that fails, so do these tests.
load helper

# Names that break a careless YAML file, Markdown table, path or interpolation.
hostile=$'Greek: "myth" | `gods` \xf0\x9f\x9a\x80 # ${paths.root_dir} {x: [y]} \\ & <b>  *l* \xe2\x80\xa8 \'q\'\n---\nend: %TAG'
hostile_title=$'Greek: "myth" | `gods` \xf0\x9f\x9a\x80 # ${paths.root_dir} {x: [y]} \\ & <b> *l* \'q\' --- end: %TAG'

setup_file() {
    bats_require_minimum_version 1.5.0
    cd "$BATS_FILE_TMPDIR"
    consumers=$("$BIFORGET_SOURCE/scripts/consumers" 3>&-)
    export consumers
    cat >pairs.jsonl <<'JSON'
{"question": "Who rules on \"Olympus\"?", "answer": "Zeus | the `thunderer`."}
{"question": "Which river do the dead cross?\n(in Greek myth)", "answer": "The Styx:\nwith a coin. \u26a1"}
{"question": "Wer ist Apollons Mutter? \u0396\u03b5\u03cd\u03c2", "answer": "Leto"}
JSON
    printf '%s\n' 'Hera sent a serpent. It guarded "Delphi".' 'Hermes carried messages; Iris, too.' >texts.txt
    "$BIFORGET" import pairs.jsonl --name "$hostile" -o pairs -q >/dev/null
    "$BIFORGET" import texts.txt --name $'\xce\x96\xce\xb5\xcf\x8d\xcf\x82' -o texts -q >/dev/null
    # A run of the model, with a retain set; and one that rewrites pairs.
    tiny_run domain -q --retain-set "Norse mythology" --json >domain.json
    "$BIFORGET" instance pairs.jsonl -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o instance -q --json \
        --templates "$BIFORGET_SOURCE/tests/consumers/rewrite.json" --temperatures 0.8 --max-new-tokens 48 >instance.json
}

check() { "$consumers" "$BIFORGET_SOURCE/tests/consumers/check.py" "$@"; }

# An assertion of the checks, or of the project, and not a mistake in calling them.
failed() {
    run "$@"
    [ "$status" = 1 ]
    [[ $output == *"in check_"*Error* ]]
}

# export_as FORMAT RUN: into this test's folder; prints the path.
export_as() {
    "$BIFORGET" export "$BATS_FILE_TMPDIR/$2" --format "$1" -o "$BATS_TEST_TMPDIR/$2-$1" -q
    printf '%s\n' "$BATS_TEST_TMPDIR/$2-$1"
}

@test "datasets.load_dataset opens hf: every configuration, the same columns" {
    check hf "$(export_as hf pairs)" "$hostile_title" fix=3 mi=3 jailbreak=3 both=3
    check hf "$(export_as hf texts)" $'\xce\x96\xce\xb5\xcf\x8d\xcf\x82' both=2
    check hf "$(export_as hf domain)" "Greek mythology" \
        "both=$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" | wc -l)" "fix=$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" --variant fix | wc -l)" \
        "retain=$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" --role retain | wc -l)"
    check hf "$(export_as hf instance)" pairs "both=$("$BIFORGET" export "$BATS_FILE_TMPDIR/instance" | wc -l)"
}

@test "datasets opens wmdp, tofu and jsonl" {
    check lines wmdp "$(export_as wmdp pairs)" 3
    check lines tofu "$(export_as tofu pairs)" 3
    check lines jsonl "$(export_as jsonl domain)" "$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" | wc -l)"
    # Rewritten pairs are pairs.
    check lines tofu "$(export_as tofu instance)" "$("$BIFORGET" export "$BATS_FILE_TMPDIR/instance" | wc -l)"
}

@test "MUSE's list and text" {
    check muse "$(export_as muse texts)" 2 0
    check muse "$(export_as muse domain)" "$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" | wc -l)" \
        "$("$BIFORGET" export "$BATS_FILE_TMPDIR/domain" --role retain | wc -l)"
}

@test "open-unlearning: Hydra composes, the loaders' keys are there, labels are not empty" {
    check open-unlearning "$(export_as open-unlearning pairs)" QA NONE
    check open-unlearning "$(export_as open-unlearning instance)" QA NONE
    check open-unlearning "$(export_as open-unlearning domain)" FORMS FORMS
    check open-unlearning "$(export_as open-unlearning texts)" TEXT NONE
}

# trained RUN METHOD OPTION...: unlearn with the run's set, a step or two; what counts is what the run tells of it.
trained() {
    local run=$1 method=$2
    shift 2
    rm -rf "$BATS_FILE_TMPDIR/$method"
    cp -r "$BATS_FILE_TMPDIR/$run" "$BATS_FILE_TMPDIR/$method"
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" "$BATS_TEST_TMPDIR/tiny.gguf"
    "$BIFORGET" unlearn --method "$method" -m "$BATS_TEST_TMPDIR/tiny.gguf" --forget "$BATS_FILE_TMPDIR/$method" -o "$BATS_TEST_TMPDIR/out.gguf" \
        --answers 0 --measure 1 --max-length 128 "$@" -q >/dev/null
}

@test "open-unlearning: each sample once, raw text alone, questions alone" {
    local out=$BATS_TEST_TMPDIR/out
    "$BIFORGET" export "$BATS_FILE_TMPDIR/domain" --format open-unlearning -o "$out" --forms plain -q
    check open-unlearning "$out" JOINED JOINED
    "$BIFORGET" export "$BATS_FILE_TMPDIR/domain" --format open-unlearning -o "$out" --forms chat=3 -q
    check open-unlearning "$out" QA QA
}

@test "open-unlearning: the run's last training, with its method and figures" {
    trained domain rmu --max-steps 2 --batch 2 --layer 3 --lr 3e-4 --steering 9 --alpha 5
    check open-unlearning "$(export_as open-unlearning rmu)" FORMS FORMS RMU '{"learning_rate": 3e-4, "max_steps": 2,
        "per_device_train_batch_size": 2, "gradient_accumulation_steps": 1, "lr_scheduler_type": "constant", "max_grad_norm": 0.0,
        "steering_coeff": 9.0, "alpha": 5.0, "retain_loss_type": "EMBED_DIFF", "module_regex": "model\\.layers\\.3",
        "trainable_params_regex": ["model\\.layers\\.(1|2|3)\\.mlp\\.down_proj\\.weight"], "seed": 3407}'
    trained pairs dpo --retain "$BATS_FILE_TMPDIR/texts" --max-steps 1 --batch 2 --accum 1 --retain-loss kl --beta 0.2
    check open-unlearning "$(export_as open-unlearning dpo)" IDK NONE DPO '{"beta": 0.2, "retain_loss_type": "KL", "lr_scheduler_type": "linear",
        "warmup_ratio": 0.1, "weight_decay": 0.01, "adam_beta2": 0.999}'
    grep -q 'trains every weight, and its own experiments start from a learning rate of 1e-5' "$BATS_TEST_TMPDIR/dpo-open-unlearning/README.md"
    # A method that is not there: NPO, and a word about it.
    trained pairs obliviate --retain "$BATS_FILE_TMPDIR/texts" --max-steps 1 --batch 2 --lora-rank 4 --lora-layers all
    check open-unlearning "$(export_as open-unlearning obliviate)" QA NONE NPO
    grep -q 'a method that open-unlearning does not have' "$BATS_TEST_TMPDIR/obliviate-open-unlearning/README.md"
}

@test "a wrong export does not pass" {
    # The checks above are worth something only when they can fail.
    out=$(export_as hf pairs)
    sed -i '1s/"text":"[^"]*"/"text":"other"/' "$out/data/fix.jsonl"
    failed check hf "$out" "$hostile_title"
    failed check hf "$(export_as hf texts)" "another title"
    failed check open-unlearning "$(export_as open-unlearning texts)" QA NONE
    failed check open-unlearning "$(export_as open-unlearning texts)" TEXT NONE GradDiff
    failed check lines tofu "$(export_as wmdp pairs)" 3
}
