"use strict";
/* The sections except the table of samples: each draws its part of the data into a place. */

/* ---- comparison ---- */

function drawComparison(place, part) {
    if (without(place, part)) return;
    const columns = part.columns.filter((column) => part.sets.some((set) => known(set[column.key])));
    const best = {};
    columns.forEach((column) => {
        const values = part.sets.map((set) => set[column.key]).filter(known);
        if (column.better && values.length > 1 && !part.parts)
            best[column.key] = column.better === "smaller" ? Math.min(...values) : Math.max(...values);
    });
    const value = (set, column) => {
        if (!known(set[column.key])) return el("span", {}, "–");
        const interval = set[column.key + "_interval"],
            text = column.digits ? fixed(set[column.key], column.digits) : count(set[column.key]);
        return [
            set[column.key] === best[column.key] ? el("strong", {}, text) : text,
            column.interval && interval
                ? el("small", {}, ` [${fixed(interval[0], column.digits)}, ${fixed(interval[1], column.digits)}]`)
                : null,
        ];
    };
    /* A line for each metric, a column for each set, since a page is narrow. */
    place.append(
        table(
            ["figure"].concat(part.sets.map((set) => ({ text: set.name, number: true }))),
            columns.map((column) =>
                [
                    [
                        column.title,
                        column.better
                            ? [
                                  el("small", { "aria-hidden": "true" }, column.better === "smaller" ? " ↓" : " ↑"),
                                  el("span", { class: "visually-hidden" }, ` (${column.better} is better)`),
                              ]
                            : null,
                    ],
                ].concat(part.sets.map((set) => value(set, column))),
            ),
            { label: "Comparison of the sets", class: "figures" },
        ),
    );
    /* Metrics without a value, by reason: "tokens, chunks: counted by ..." */
    const reasons = new Map();
    part.columns.forEach((column) =>
        part.sets.forEach((set) => {
            const why = !known(set[column.key]) && set.why && set.why[column.key];
            if (!why) return;
            if (!reasons.has(why)) reasons.set(why, new Set());
            const everywhere = part.sets.every(
                (other) => !known(other[column.key]) && other.why && other.why[column.key] === why,
            );
            reasons.get(why).add(everywhere ? column.title : `${column.title} of ${set.name}`);
        }),
    );
    if (reasons.size > 0)
        place.append(
            el(
                "ul",
                { class: "small" },
                [...reasons].map(([why, titles]) => el("li", {}, `Not known: ${[...titles].join(", ")} (${why}).`)),
            ),
        );
    const s = part.settings || {};
    place.append(
        note(
            [
                part.basis || "",
                "↓ smaller is better, ↑ larger is better. In brackets: 95 % intervals.",
                part.sets.length > 1 && !part.parts
                    ? "Bold: the best value; the summary says which differences are beyond noise."
                    : "",
                known(s.n_seeds) && part.sets.some((set) => known(set.relevance)) ? `Relevance is the mean over ${plural(s.n_seeds, "map")}; seed ${part.seed}.` : "",
                part.model ? `Model: ${part.model}.` : "",
                part.embedder ? `Embedder: ${part.embedder}.` : "",
            ]
                .filter((text) => text)
                .join(" "),
        ),
    );
}

/* ---- map ---- */

function drawMap(place, part, data) {
    if (without(place, part)) return;
    const bySet = part.sets.length > 1;
    const names = bySet ? part.sets : [...new Set(part.points.map((p) => p[4] || ""))];
    const groups = names.map((name) => ({ name: bySet ? name : stageName(name), off: false }));
    const groupOf = (p) => (bySet ? p[2] : names.indexOf(p[4] || ""));
    const colourOf = (group) => `--hue-${group % 8}`;
    const ofSamples = new Map(data.samples.rows.map((row) => [row[0], row]));
    const tipOf = (p) => {
        const row = p[3] && (p[2] === 0 || data.comparison.parts) ? ofSamples.get(p[3]) : null;
        const facts = [
            bySet ? part.sets[p[2]] : null,
            p[4] ? stageName(p[4]) : null,
            p[5] ? `point: ${p[5]}` : null,
            p[6] ? `template: ${p[6]}` : null,
            p[3] ? `sample ${p[3]}` : `text ${p[8]} of the set`,
            row && known(row[6]) ? `temperature ${row[6]}` : null,
        ];
        return el(
            "div",
            {},
            el("p", { class: "tiptext" }, short(squeeze(p[7] || ""), 300)),
            el("p", { class: "facts" }, facts.filter((f) => f).join(" · ")),
        );
    };
    const counts = groups.map((_, g) => part.points.filter((p) => groupOf(p) === g).length);
    const controls = el(
        "fieldset",
        { class: "chips" },
        el("legend", {}, bySet ? "Sets on the map" : "Stages on the map"),
    );
    place.append(controls);
    const chart = mapChart(place, Object.assign({ caption: mapCaption(part) }, part), groups, groupOf, colourOf, tipOf);
    groups.forEach((group, g) => {
        const box = el("input", {
            type: "checkbox",
            checked: true,
            onchange: () => {
                group.off = !box.checked;
                chart.redraw();
            },
        });
        controls.append(
            el(
                "label",
                {},
                box,
                legendMark(shapes[g % shapes.length], colourOf(g)),
                el("span", {}, `${short(group.name, 40)} (${count(counts[g])})`),
            ),
        );
    });
    place.append(
        legend(
            [
                [
                    "plus",
                    "--text",
                    part.domain ? "centroid of a set, with its distance to the domain" : "centroid of a set",
                ],
            ].concat(part.domain ? [["star", "--star", "the domain's name"]] : []),
        ),
    );
    const distances = part.centroids.map((c, s) => [
        part.sets[s],
        c && part.domain ? fixed(Math.hypot(c[0] - part.domain[0], c[1] - part.domain[1]), 2) : null,
    ]);
    if (part.domain)
        place.append(
            el(
                "details",
                {},
                el("summary", {}, "Distances on this map as a table"),
                table(["set", { text: "centroid to domain", number: true }], distances, { label: "Distances" }),
            ),
        );
}

function mapCaption(part) {
    return (
        `Each mark is a text, placed by t-SNE so that texts of similar meaning are close; directions and units have no meaning. ` +
        (part.basis ? part.basis + " " : "") +
        `Perplexity ${fixed(part.perplexity, 1)}, KL divergence ${fixed(part.kl, 3)}, trustworthiness ${fixed(part.trustworthiness, 3)}. ` +
        `Point at or tap a mark, or focus the map and press the arrow keys.`
    );
}

/* ---- diversity ---- */

function drawTrace(place, part) {
    if (without(place, part)) return;
    const several = part.traces.length > 1;
    if (!several) part.traces[0].name = "";
    traceChart(
        place,
        part.traces,
        "Mean cosine distance over all pairs of kept samples, after each sample. Dots: checks of the stop rule; diamond and dashed line: where the stage ended.",
    );
    if (several) place.append(legend(part.traces.map((t, k) => ["line", `--hue-${k % 8}`, t.name])));
    if (part.more) place.append(note("Only the first eight requests are drawn."));
    place.append(
        el(
            "details",
            {},
            el("summary", {}, "Checks of the stop rule as a table"),
            table(
                [
                    "request",
                    { text: "kept", number: true },
                    { text: "diversity", number: true },
                    { text: "gain", number: true },
                    "stop",
                ],
                part.traces.flatMap((t) =>
                    t.checks.map((c) => [
                        short(t.name || "this run", 60),
                        count(c[0]),
                        fixed(c[1], 4),
                        fixed(c[2], 4),
                        c[3] ? "yes" : "no",
                    ]),
                ),
                { label: "Checks" },
            ),
        ),
    );
    place.append(
        note(
            part.traces
                .map(
                    (t) => (several ? t.name + ": " : "") + `ended after ${plural(t.n, "kept sample")}: ${t.stop_text}`,
                )
                .join("; ") + ".",
        ),
    );
}

/* ---- coverage ---- */

function coverageList(place, rows, word, facts) {
    const most = Math.max(...rows.map((row) => row[2]), 1);
    const list = el("ul", { class: "bars" });
    const more = firstOf(
        rows.map((row) =>
            el(
                "li",
                { class: row[1] === 0 ? "none" : null },
                el("span", { class: "name" }, row[0], facts ? el("small", {}, " " + facts(row)) : null),
                bar(row[1], most),
                el("span", { class: "amount" }, `${count(row[1])} of ${count(row[2])}`),
            ),
        ),
        24,
        list,
        word,
    );
    place.append(list);
    if (more) place.append(more);
}

function drawCoverage(place, part) {
    if (part.points.length === 0 && part.templates.length === 0) {
        place.append(note("No point or template has a text."));
        return;
    }
    const two = el("div", { class: "two" });
    place.append(two);
    if (part.points.length > 0) {
        const side = el("div", {}, el("h3", {}, `By point (${count(part.n_points)})`));
        coverageList(side, part.points, "points", null);
        if (part.n_points > part.points.length)
            side.append(note(`The first ${part.points.length} of ${part.n_points} points.`));
        two.append(side);
    }
    if (part.templates.length > 0) {
        const side = el("div", {}, el("h3", {}, "By template"));
        coverageList(side, part.templates, "templates", (row) => `${row[3]}, ${stageName(row[4])}`);
        two.append(side);
    }
    place.append(note("Kept of generated. The full width is the number of generated texts of the longest row."));
}

/* ---- Min-K% prob ---- */

function drawMinK(place, part) {
    if (without(place, part)) return;
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    const layers = [
        ["kept", part.kept, "--hue-0"],
        ["below tau", part.below, "--hue-1"],
        ["rejected for another reason", part.other, "--hue-5"],
    ].filter((layer) => sum(layer[1]) > 0);
    histogramChart(
        place,
        layers,
        part.tau,
        `Min-K% prob (mean of the ${part.k_percent} % least likely tokens)`,
        `Membership inference keeps a text when it reaches tau. ${part.model_distribution ? "By the model's own distribution." : "By the distribution that was sampled from."}`,
        "Histogram of Min-K% prob. The arrow keys walk through its bars.",
    );
    place.append(
        legend(
            layers
                .map(([name, counts, colour]) => ["square", colour, `${name} (${count(sum(counts))})`])
                .concat([["dash", "--text", `tau = ${part.tau}`]]),
        ),
    );
    if (part.n_left_out > 0)
        place.append(
            note(`${plural(part.n_left_out, "text")} left out: the request has another tau, or the value is missing.`),
        );
}

/* ---- rejected ---- */

function drawRejected(place, list) {
    if (list.length === 0) {
        place.append(note("Nothing was rejected."));
        return;
    }
    const most = Math.max(...list.map((one) => one.n));
    list.sort((a, b) => b.n - a.n);
    list.forEach((one) =>
        place.append(
            el(
                "details",
                { class: "reason" },
                el(
                    "summary",
                    {},
                    el("span", { class: "name" }, el("strong", {}, one.reason), ` ${one.text}`),
                    bar(one.n, most, "warm"),
                    el("span", { class: "amount" }, count(one.n)),
                ),
                el(
                    "ul",
                    { class: "examples" },
                    one.examples.map((example) =>
                        el(
                            "li",
                            {},
                            el("blockquote", {}, example.text || "(an empty text)"),
                            el(
                                "p",
                                { class: "facts" },
                                [
                                    `sample ${example.id}`,
                                    stageName(example.stage),
                                    example.point && `point: ${example.point}`,
                                    example.template && `template: ${example.template}`,
                                ]
                                    .filter((f) => f)
                                    .join(" · "),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    );
}

/* ---- knowledge ---- */

function drawKnowledge(place, list) {
    if (list.length === 0) {
        place.append(
            note("This run has no knowledge check: it needs Stage I texts and control texts about an invented topic."),
        );
        return;
    }
    list.forEach((one) => {
        if (list.length > 1) place.append(el("h3", {}, one.name));
        place.append(
            el(
                "p",
                { class: one.verdict === "little" ? "warning" : null },
                el("strong", {}, `${one.verdict}: `),
                one.sentence + ".",
            ),
            table(
                ["", { text: "domain", number: true }, { text: "invented topic", number: true }],
                one.figures.map((row) => [
                    row[0],
                    ["texts", "questions"].includes(row[0]) ? count(row[1]) : fixed(row[1], 3),
                    ["texts", "questions"].includes(row[0]) ? count(row[2]) : fixed(row[2], 3),
                ]),
                { label: "Knowledge check" },
            ),
        );
    });
    place.append(
        note(
            "The same numbers for texts about an invented topic, which the model cannot know. A warning light, not a measurement: its thresholds were set on two models.",
        ),
    );
}

/* ---- settings ---- */

function valueText(value) {
    return Array.isArray(value) ? value.join(", ") : value === true ? "yes" : value === false ? "no" : String(value);
}

function drawSettings(place, part, data) {
    const [tokens, generating, wall] = part.times;
    place.append(
        el("p", {}, "The command, without the folders of files:"),
        el("pre", { tabindex: "0", "aria-label": "Command" }, el("code", {}, part.command)),
        el(
            "p",
            {},
            `biforget ${data.program}` +
                (tokens > 0 ? `; ${plural(tokens, "token")} written` : "") +
                (generating > 0 ? ` in ${fixed(generating, 1)} s (${fixed(tokens / generating, 0)} a second)` : "") +
                (wall > 0 ? `, ${fixed(wall, 1)} s in all` : "") +
                ".",
        ),
    );
    if (part.hashes.length > 0)
        place.append(
            el("h3", {}, "SHA-256"),
            table(
                ["what", "file", "hash"],
                part.hashes.map((row) => [row[0], row[1] || "", el("code", {}, row[2])]),
                { label: "Hashes", class: "hashes" },
            ),
        );
    part.requests.forEach((request) => {
        const title =
            part.requests.length > 1
                ? `Request “${request.name || valueText(request.values.topic || "")}” (${request.kind}, ${request.role})`
                : "Parameters of the method";
        place.append(
            el(
                "details",
                {},
                el("summary", {}, title),
                table(
                    ["parameter", "value"],
                    Object.keys(request.values)
                        .sort()
                        .map((key) => [key, valueText(request.values[key])]),
                    { label: title },
                ),
            ),
        );
    });
    if (part.n_requests > part.requests.length)
        place.append(note(`The first ${part.requests.length} of ${part.n_requests} requests.`));
    if (Object.keys(part.engine).length > 0)
        place.append(
            el(
                "details",
                {},
                el("summary", {}, "Engine"),
                table(
                    ["setting", "value"],
                    Object.keys(part.engine)
                        .sort()
                        .map((key) => [key, valueText(part.engine[key])]),
                    { label: "Engine" },
                ),
            ),
        );
    if (part.templates.length > 0)
        place.append(
            el(
                "details",
                {},
                el("summary", {}, `Prompts (${part.templates.length})`),
                el(
                    "dl",
                    { class: "prompts" },
                    part.templates.flatMap((row) => [
                        el("dt", {}, row[0], el("small", {}, ` ${row[1]}, ${row[2]}`)),
                        el("dd", {}, row[3]),
                    ]),
                ),
            ),
        );
}
