# bash completion for biforget
_biforget() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local words= choices= commands="domain instance run textbook import resume status show export quality report unlearn eval lab models doctor quantize help"
    if [ "$COMP_CWORD" -eq 1 ]; then
        choices="$commands --help --version"
    else
        case ${COMP_WORDS[1]} in
            domain)
                words="--model --output --retain-set --neighbours --then --eval --then-options --then-rounds --eval-limit --points --points-only --retain --profile --seed --rounds --points-per-round --point-forms --snowball --point-questions --point-temperature --temperatures --samples-per-prompt --max-new-tokens --mi-samples --jailbreak-samples --max-samples --control-samples --templates --top-p --top-k --diversity-batch --epsilon --probe-temperature --tau --k-percent --mi-model-distribution --order --min-words --near-duplicate --drift-sigma --filter-refusal --filter-echo --filter-degenerate --trim-sentence --questions --wordings --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --api-model --api-embed-model --api-mode --api-probs --chat --embedder --json --quiet --help --help-all"
                case $previous in
                    --profile | -p) choices="quick paper" ;;
                    --order) choices="balanced point" ;;
                    --api-mode) choices="auto chat completions" ;;
                    --api-probs) choices="auto none sampling model both" ;;
                esac
                ;;
            instance)
                words="--model --output --format --skip-bad --text-key --question-key --answer-key --paragraphs --retain-set --neighbours --then --eval --then-options --then-rounds --eval-limit --retain --profile --seed --temperatures --samples-per-prompt --max-new-tokens --max-samples --templates --top-p --top-k --diversity-batch --epsilon --order --min-words --near-duplicate --filter-refusal --filter-echo --filter-degenerate --trim-sentence --min-similarity --keep-facts --questions --wordings --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --api-model --api-embed-model --api-mode --api-probs --chat --embedder --json --quiet --help --help-all"
                case $previous in
                    --format | -f) choices="auto jsonl json csv txt" ;;
                    --profile | -p) choices="quick paper" ;;
                    --order) choices="balanced point" ;;
                    --api-mode) choices="auto chat completions" ;;
                    --api-probs) choices="auto none sampling model both" ;;
                esac
                ;;
            run)
                words="--model --output --profile --templates --skip-bad --retain-set --neighbours --then --eval --then-options --then-rounds --eval-limit --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --api-model --api-embed-model --api-mode --api-probs --chat --embedder --json --quiet --help --help-all"
                case $previous in
                    --profile | -p) choices="quick paper" ;;
                    --api-mode) choices="auto chat completions" ;;
                    --api-probs) choices="auto none sampling model both" ;;
                esac
                ;;
            textbook)
                words="--model --output --retain-set --neighbours --then --eval --then-options --then-rounds --eval-limit --profile --seed --point-temperature --temperatures --max-new-tokens --templates --top-p --top-k --min-words --near-duplicate --filter-refusal --filter-echo --filter-degenerate --trim-sentence --subfields --bullets --chapters --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --api-model --api-embed-model --api-mode --api-probs --chat --embedder --json --quiet --help --help-all"
                case $previous in
                    --profile | -p) choices="quick paper" ;;
                    --api-mode) choices="auto chat completions" ;;
                    --api-probs) choices="auto none sampling model both" ;;
                esac
                ;;
            import)
                words="--name --output --topic --format --skip-bad --text-key --question-key --answer-key --paragraphs --json --quiet --help --help-all"
                case $previous in
                    --format | -f) choices="auto jsonl json csv txt" ;;
                esac
                ;;
            resume)
                words="--model --embedder --retain-set --then --eval --then-options --then-rounds --eval-limit --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --json --quiet --help --help-all"
                case $previous in
                esac
                ;;
            status)
                words="--json --help --help-all"
                case $previous in
                esac
                ;;
            show)
                words="--limit --offset --stage --state --reason --full --help --help-all"
                case $previous in
                    --state) choices="all kept rejected" ;;
                esac
                ;;
            export)
                words="--format --variant --role --texts --held-out --request --forms --output --manifest --quiet --help --help-all"
                case $previous in
                    --format | -f) choices="jsonl txt muse wmdp tofu hf open-unlearning" ;;
                    --variant) choices="fix mi jailbreak both" ;;
                    --role) choices="forget retain" ;;
                    --texts) choices="all not-refuted verified" ;;
                esac
                ;;
            quality)
                words="--domain --model --embedder --format --json --csv --map --cache --skip-bad --seed --seeds --chunks --threads --nearest --hypotheses --texts --resamples --gpu-layers --quiet --help --help-all"
                case $previous in
                    --format | -f) choices="text json csv markdown latex" ;;
                esac
                ;;
            report)
                words="--output --svg --stored --domain --model --embedder --seed --seeds --cache --skip-bad --threads --gpu-layers --quiet --help --help-all"
                case $previous in
                esac
                ;;
            unlearn)
                words="--method --model --forget --retain --output --lora --full --lr --epochs --max-steps --batch --accum --max-length --alpha --retain-loss --renamed --stop-forget-nll --stop-retain-rise --probe --probe-retain --retain-accuracy-drop --checkpoint-every --resume --seed --threads --finish --restart --general --alternates --targets --adapter --type --data --forms --chat --pack --gamma --general-weight --beta --importance --skip-first --retain-limit --dual-step --dual-warmup --npo-norm --delta --layer --steering --weight-decay --clip --schedule --warmup --lora-rank --lora-alpha --lora-layers --measure --evaluate-every --probe-every --max-loss --answers --work --less-memory --bf16 --skip-bad --json --quiet --help --help-all"
                case $previous in
                    --method) choices="ga graddiff npo simnpo dpo altpo undial whp wga wga-renamed ul-renamed satimp ceu pdu npo-logits rmu rmu-adaptive obliviate finetune auto" ;;
                    --retain-loss) choices="nll kl" ;;
                    --type) choices="f32 f16 bf16 q8_0 source" ;;
                    --data) choices="auto qa text mixed" ;;
                    --npo-norm) choices="sequence token" ;;
                    --schedule) choices="constant linear cosine" ;;
                esac
                ;;
            eval)
                words="--model --lora --lora-scale --output --json --forget --retain --holdout --authors --world --retrained --retrained-auc --attacks --reference --gradient-norm --original --neighbours --prompts --logs --retain-logs --k --shots --n-shots --trailing-space --max-new-tokens --limit --relearn --relearn-set --relearn-steps --relearn-lr --suffix --suffix-tokens --suffix-rounds --suffix-candidates --suffix-questions --seed --resamples --kv-cache --quiet --parallel --threads --gpu-layers --context --api --api-timeout --api-give-up --api-ca --api-extra --api-model --api-embed-model --api-mode --api-probs --chat --help --help-all"
                case $previous in
                    --gradient-norm) choices="1 2 max" ;;
                    --kv-cache) choices="auto f32 f16" ;;
                    --api-mode) choices="auto chat completions" ;;
                    --api-probs) choices="auto none sampling model both" ;;
                esac
                ;;
            lab)
                words="--size --output --model --threads --keep-models --json --quiet --help --help-all"
                case $previous in
                    --size) choices="tiny small" ;;
                esac
                ;;
            models)
                words="--path --json --help --help-all"
                case $previous in
                esac
                ;;
            doctor)
                words="--model --parallel --json --help --help-all"
                case $previous in
                esac
                ;;
            quantize)
                words="--type --threads --quiet --help --help-all"
                case $previous in
                    --type) choices="q4_0 q8_0 f16 bf16 f32" ;;
                esac
                ;;
            help)
                words="--man --completion --help --help-all"
                case $previous in
                    --completion) choices="bash zsh fish" ;;
                esac
                ;;
        esac
    fi
    if [ "${COMP_WORDS[1]}" = help ] && [ "$COMP_CWORD" -eq 2 ] && [ "${cur#-}" = "$cur" ]; then choices=$commands; fi
    if [ -n "$choices" ]; then
        COMPREPLY=($(compgen -W "$choices" -- "$cur"))
    elif [ "${cur#-}" != "$cur" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    else
        COMPREPLY=()
    fi
}
complete -o default -F _biforget biforget
