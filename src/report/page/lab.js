"use strict";
/* The sections of an experiment. */

/* A p value needs its order of magnitude: "3e-6". */
const figureText = (value, digits) =>
    digits > 2 && value > 0 && value < 0.5 * 10 ** -digits ? value.toExponential(0) : fixed(value, digits);
/* "0.512 [0.498, 0.530]": the mean over seeds, with the smallest and the largest when there are several. */
function spread(value, digits) {
    if (!value) return "–";
    const [mean, low, high] = value.slice(1).map((x) => figureText(x, digits));
    return [mean, value[0] > 1 ? el("small", {}, `[${low}, ${high}]`) : null];
}
const spreadText = (value, digits) =>
    !value
        ? "unknown"
        : fixed(value[1], digits) +
          (value[0] > 1 ? ` (${fixed(value[2], digits)} to ${fixed(value[3], digits)}, ${value[0]} seeds)` : "");

/* ---- the trade-off ---- */

const forgetting = {
    privleak_distance:
        "|PrivLeak|, the distance to the gold standard (per cent): lower is better; the gold standard is at 0.",
    log10_forget_quality:
        "log10 of Forget Quality, a p value: higher is better. At 0 a model cannot be distinguished from the gold standard; below −1.3 it can, at the 5 % level.",
    forget_object_accuracy:
        "Object accuracy: the share of answers about what was to be forgotten that name the fact’s object. Lower is more forgotten, but lower than the gold standard’s is not better.",
    forget_rouge_l:
        "ROUGE-L of the answers about what was to be forgotten: lower is more forgotten, but lower than the gold standard’s is not better. Answers of one kind share most of their words, so that it is high even for a model that never saw the facts.",
};

/* A group of checkboxes that filter: `list` has the names, `off[i]` is true for those that are hidden. */
function chooser(title, names, off, keyOf, changed) {
    return el(
        "fieldset",
        { class: "chips" },
        el("legend", {}, title),
        names.map((name, i) =>
            el(
                "label",
                {},
                el("input", {
                    type: "checkbox",
                    checked: true,
                    onchange: (event) => {
                        off[i] = !event.target.checked;
                        changed();
                    },
                }),
                legendMark(...keyOf(i)),
                el("span", {}, short(name, 40)),
            ),
        ),
    );
}

function drawTradeoff(place, part) {
    const utility = part.figures.find((f) => f.key === "model_utility"),
        others = part.figures.filter((f) => forgetting[f.key] && part.points.some((p) => p.values[f.key]));
    const setOff = part.sets.map(() => false),
        methodOff = part.methods.map(() => false);
    const off = (p) => setOff[p.set] || methodOff[p.method];
    if (others.length === 0 || !part.points.some((p) => p.values.model_utility)) {
        place.append(note("No model was unlearned and evaluated."));
        return;
    }
    let chart = null;
    const holder = el("div", {}),
        choice = el(
            "select",
            { id: "forgetting", onchange: () => show() },
            others.map((f) => el("option", { value: f.key }, f.title)),
        );
    function show() {
        const figureOf = others.find((f) => f.key === choice.value);
        if (chart) charts.splice(charts.indexOf(chart), 1);
        holder.replaceChildren();
        const told = (name, values) =>
            `${name}: ${utility.title} ${spreadText(values.model_utility, utility.digits)}, ` +
            `${figureOf.title} ${spreadText(values[figureOf.key], figureOf.digits)}`;
        const points = part.points
            .filter((p) => p.values.model_utility && p.values[figureOf.key])
            .map((p) => ({
                x: p.values.model_utility,
                y: p.values[figureOf.key],
                set: p.set,
                method: p.method,
                tip: told(`${part.sets[p.set]}, ${part.methods[p.method]}`, p.values),
            }));
        const model = (key, name) => {
            const values = part[key],
                x = values.model_utility,
                y = values[figureOf.key];
            return { key, name, x: x && x[1], y: y && y[1], tip: told(name, values) };
        };
        chart = tradeoffChart(holder, points, [model("gold", "gold standard"), model("target", "target")], {
            x: utility.title,
            y: figureOf.title,
            off,
            caption: `${forgetting[figureOf.key]} Further right is better. Points are means over seeds, whiskers span the smallest to the largest. Dashed: the gold standard.`,
        });
        holder.append(
            legend([
                ["star", "--star", "gold standard"],
                ["star", "--muted", "target, before unlearning"],
            ]),
            el(
                "details",
                {},
                el("summary", {}, "The points as a table"),
                table(
                    ["set", "method", { text: utility.title, number: true }, { text: figureOf.title, number: true }],
                    points.map((p) => [
                        part.sets[p.set],
                        part.methods[p.method],
                        spread(p.x, utility.digits),
                        spread(p.y, figureOf.digits),
                    ]),
                    { label: "Points of the chart", class: "figures" },
                ),
            ),
        );
    }
    const changed = () => chart.redraw();
    place.append(
        el("div", { class: "filters" }, el("label", { class: "narrow" }, "Forgetting, measured as", choice)),
        el(
            "div",
            { class: "choosers" },
            chooser("Sets, by colour", part.sets, setOff, (i) => ["circle", `--hue-${i % 8}`], changed),
            chooser("Methods, by mark", part.methods, methodOff, (i) => [shapes[i % shapes.length], "--text"], changed),
        ),
        holder,
    );
    show();
}

/* ---- against the reference ---- */

const signed = (value, digits) => (value > 0 ? "+" : "") + fixed(value, digits).replace("-", "−");

function differenceCell(d, digits) {
    if (!d) return "–";
    return [
        signed(d.mean, digits),
        known(d.low) ? el("small", {}, `[${signed(d.low, digits)}, ${signed(d.high, digits)}]`) : null,
        d.word === "undecided"
            ? el("small", {}, known(d.low) ? "undecided" : "one seed")
            : el("span", { class: `verdict ${d.word}` }, d.word),
        d.left_out > 0 ? el("small", {}, `without ${plural(d.left_out, "method")}`) : null,
    ];
}

function drawLabComparison(place, part, data) {
    if (part.why) {
        place.append(note(`No comparison: ${part.why}.`));
        return;
    }
    const heads = part.figures.map((f) => ({
        text: f.title + (f.better ? (f.better === "smaller" ? " ↓" : " ↑") : ""),
        number: true,
    }));
    const cells = (row) => part.figures.map((f) => differenceCell(row.differences[f.key], f.digits));
    place.append(
        el("p", {}, `The reference is ${part.reference}. A difference is the row’s set minus the reference.`),
        table(
            ["set, over all methods"].concat(heads),
            part.rows.filter((row) => row.method === null).map((row) => [row.set].concat(cells(row))),
            { label: "Sets against the reference", class: "figures" },
        ),
    );
    const methods = part.rows.filter((row) => row.method !== null);
    if (methods.length > 0)
        place.append(
            el(
                "details",
                {},
                el("summary", {}, "By method"),
                table(
                    ["method", "set"].concat(heads),
                    methods.map((row) => [row.method, row.set].concat(cells(row))),
                    { label: "Sets against the reference, by method", class: "figures" },
                ),
            ),
        );
    place.append(
        note(
            "Pairs of the same method and seed; averaged over the methods within a seed, then over seeds. In brackets: the 95 % Student-t interval over " +
                `${plural(part.seeds, "seed")}; undecided when it contains 0. One interval in twenty misses the true value, and there are many here. ` +
                "Forget Quality is a p value, so its log10 is compared" +
                (part.floored > 0 ? `; it was 0 in ${plural(part.floored, "row")}, which counts as 2e-308` : "") +
                ". ROUGE-L has no better direction: below the gold standard’s, less is not better.",
        ),
    );
}

/* ---- tables ---- */

function share(part, whole) {
    return whole > 0 ? [fixed(part / whole, 3), el("small", {}, `${count(part)} of ${count(whole)}`)] : "–";
}

function drawLabSets(place, sets) {
    const variants = { fix: "Stage I", mi: "Stage I and membership inference", jailbreak: "Stage I and jailbreak" };
    const kinds = {
        planted: "the planted originals",
        domain: "biforget domain",
        textbook: "biforget textbook",
        part: "part",
        file: "a file",
    };
    place.append(
        table(
            [
                "set",
                "made by",
                { text: "texts", number: true },
                { text: "on the domain", number: true },
                { text: "recall of planted facts", number: true },
                { text: "precision of its claims", number: true },
            ],
            sets.map((set) => [
                set.name,
                set.kind === "part" && set.of
                    ? `of ${set.of}: ${variants[set.variant] || set.variant}`
                    : kinds[set.kind] || set.kind,
                count(set.n),
                share(set.on_topic, set.n),
                share(set.covered, set.facts),
                share(set.true, set.claims),
            ]),
            { label: "Forget sets", class: "figures" },
        ),
        note(
            "Recall: planted facts of the domain that a set states. Precision: true claims among all its claims about the domain’s people.",
        ),
    );
}

function drawAblation(place, indices, data) {
    const part = data.tradeoff;
    if (indices.length < 2) {
        place.append(note("No set of this experiment is a part of another."));
        return;
    }
    const two = el("div", { class: "two wide" });
    part.figures.forEach((f) => {
        const value = (s, m) => {
            const point = part.points.find((p) => p.set === s && p.method === m);
            return spread(point && point.values[f.key], f.digits);
        };
        two.append(
            el(
                "div",
                {},
                el("h3", {}, f.title),
                table(
                    ["method"].concat(indices.map((s) => ({ text: part.sets[s], number: true }))),
                    part.methods.map((name, m) => [name].concat(indices.map((s) => value(s, m)))),
                    { label: `${f.title} of the parts`, class: "figures" },
                ),
            ),
        );
    });
    place.append(two, note("Means over seeds, in brackets the smallest and the largest."));
}

function drawLines(place, part) {
    place.append(
        table(
            ["set", "method"].concat(part.figures.map((f) => ({ text: f.title, number: true }))),
            part.rows.map((row) =>
                [row.set, row.method].concat(row.values.map((value, i) => spread(value, part.figures[i].digits))),
            ),
            { label: "All metrics", class: "figures" },
        ),
        note(
            "Means over seeds, in brackets the smallest and the largest. PrivLeak is signed: below 0 too little is forgotten, above 0 more than the gold standard, whose AUC it is measured against. Probability and ROUGE-L are of the planted facts of the domain, the same for all; NLL (nats a token) is of the set of the row itself, so it cannot be compared between sets.",
        ),
    );
}

/* ---- settings ---- */

function drawLabSettings(place, part, data) {
    const spec = part.spec || {};
    const words = (list) => el("code", {}, (list || []).join(" ") || "(as they are)");
    const world = spec.world || {};
    const setCell = (set) =>
        set.kind === "part"
            ? `${set.variant} of ${set.of}`
            : set.kind === "file"
              ? el("code", {}, set.path)
              : words(set.options);
    place.append(
        el("p", {}, "Save the experiment below as spec.json; then"),
        el("pre", { tabindex: "0", "aria-label": "Command" }, el("code", {}, "biforget lab spec.json -o DIR")),
        el(
            "p",
            {},
            "repeats everything. Each cell is a command that can be typed by hand; lab.db in the experiment’s folder has them:",
        ),
        el(
            "pre",
            { tabindex: "0", "aria-label": "Commands of the cells" },
            el("code", {}, "sqlite3 lab.db 'SELECT kind, command FROM cell'"),
        ),
        table(
            ["what", "options"],
            [
                ["training of target and gold standard", words(spec.train)],
                ["world", `seed ${world.seed}, ${plural(world.circles, "circle")} of ${world.people} people`],
                ...(spec.forget_sets || []).map((set) => [`set: ${set.name}`, setCell(set)]),
                ...(spec.methods || []).map((m) => [
                    `method: ${m.name || m.method}`,
                    [el("code", {}, "--method " + m.method + " "), words(m.options)],
                ]),
                ["eval tofu", words(spec.tofu)],
                ["eval privleak", words(spec.privleak)],
                ["seeds", (spec.seeds || []).join(", ")],
            ],
            { label: "Options" },
        ),
        el(
            "p",
            {},
            `biforget ${data.program}, base model ${spec.model || "unknown"}, SHA-256 `,
            el("code", {}, part.model_sha256),
            ".",
        ),
        el(
            "details",
            {},
            el("summary", {}, "The experiment as JSON"),
            el(
                "pre",
                { tabindex: "0", "aria-label": "The experiment as JSON" },
                el("code", {}, JSON.stringify(spec, null, 2)),
            ),
        ),
    );
}
