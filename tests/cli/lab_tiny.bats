#!/usr/bin/env bats
# The built-in experiment that takes minutes, with the real small model from end to end. Its target hardly learns: no figure here says
# anything about a set or a method.
load helper

@test "lab --size tiny: both models, both sets, every figure, a page; the command again computes nothing" {
    cd "$BATS_FILE_TMPDIR"
    "$BIFORGET" lab --size tiny -o out --json >out.json 2>err || { tail -n 5 err >&2; false; }
    [ "$(json '[r.get("model") or (r["set"], r["method"], r["seed"]) for r in d["rows"]]' <out.json)" = "['gold', 'target', ('official originals', 'npo', 1), ('BiForget', 'npo', 1)]" ]
    [ "$(json 'any("why" in r for r in d["rows"])' <out.json)" = False ]
    [ "$(json 'd["rows"][0]["tofu"]["forget_quality"], all(0 <= r["tofu"]["forget_quality"] <= 1 and 0 <= r["tofu"]["model_utility"] < 1 for r in d["rows"])' <out.json)" = "1.0 True" ]
    [ "$(json 'all(-100 <= r["privleak"]["privleak"] and 0 <= r["privleak"]["auc"] <= 1 for r in d["rows"][1:])' <out.json)" = True ]
    # The originals state every planted fact and nothing else; what the target wrote is counted the same way.
    [ "$(json '[d["sets"][0]["figures"][k] for k in ("facts", "covered")], d["sets"][0]["figures"]["true"] == d["sets"][0]["figures"]["claims"]' <out.json)" = "[18, 18] True" ]
    [ "$(json 'd["sets"][1]["figures"]["n"] > 0' <out.json)" = True ]
    # Unlearning with the originals makes them less likely.
    [ "$(json '[r["unlearn"]["after"]["forget_nll"] > r["unlearn"]["before"]["forget_nll"] for r in d["rows"][2:3]]' <out.json)" = "[True]" ]
    [ -s out/report.html ] && [ -s out/tradeoff.svg ] && [ "$(wc -l <out/results.csv)" = 5 ]
    run --separate-stderr "$BIFORGET" lab --size tiny -o out --json
    [ "$status" = 0 ]
    [ "$output" = "$(cat out.json)" ]
    [ -z "$stderr" ]
}
