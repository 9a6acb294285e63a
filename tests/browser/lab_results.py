"""The results of an experiment that was never run: lab_results.py SPEC.json [SEEDS [NAME]] writes what `biforget lab --json` would.

The numbers are made up of a level for each set and method and some noise; with one seed a p value is 0. NAME is given to one set, also one that looks like markup.
"""
import json
import random
import sys

spec = json.load(open(sys.argv[1]))
n_seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
spec["seeds"] = spec["seeds"][:n_seeds]
if len(sys.argv) > 3:
    spec["forget_sets"][-1]["name"] = sys.argv[3]
rng = random.Random(7)


def row(utility, rouge, log_p, privleak):
    return {
        "tofu": {"model_utility": utility, "forget_quality": 0.0 if log_p < -20 else 10 ** min(0.0, log_p),
                 "forget": {"rouge_l": rouge, "probability": rouge / 2, "object_accuracy": max(0.0, 1.6 * rouge - 0.6)},
                 "retain": {"object_accuracy": min(1.0, 2.1 * utility)}},
        "privleak": {"privleak": privleak},
    }


rows = [dict(row(0.447, 0.31, 0.0, 12.0), model="gold"), dict(row(0.452, 0.92, -11.0, -97.0), model="target")]
for seed in spec["seeds"]:
    for s, a_set in enumerate(spec["forget_sets"]):
        for m, method in enumerate(spec["methods"]):
            near = 0.9 - 0.13 * s + 0.02 * m + rng.gauss(0, 0.03)  # how well it fits the domain
            one = row(0.45 - 0.05 * m * near - rng.random() * 0.02, 0.95 - 0.6 * near + rng.gauss(0, 0.02),
                      -11 + 9 * near + rng.gauss(0, 0.7) - (14 if m == 0 and s > 4 and n_seeds == 1 else 0), -97 + 100 * near + 9 * m + rng.gauss(0, 4))
            one["unlearn"] = {"after": {"forget_nll": 2.0 + 3 * near}}
            if s == 4 and m == 5:
                del one["privleak"]["privleak"]  # a model that broke
            rows.append(dict(one, set=a_set["name"], method=method.get("name", method["method"]), seed=seed))
sets = []
for s, a_set in enumerate(spec["forget_sets"]):
    n = 120 - 15 * s
    one = {key: a_set[key] for key in ("name", "kind", "of", "variant") if key in a_set}
    sets.append(dict(one, figures={"n": n, "on_topic": n * 9 // 10, "facts": 36, "covered": 36 - 5 * s, "claims": 90 if s < 5 else 0,
                                   "true": 90 - 12 * s if s < 5 else 0}))
print(json.dumps({"experiment": spec["name"], "domain": "the Circle of the Amber Lantern", "program": "0", "model_sha256": "0" * 64,
                  "spec": spec, "sets": sets, "rows": rows}))
