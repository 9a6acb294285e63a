"use strict";
/* Trainings with the run's set: what changed, and the losses of each step. */

const lossNames = ["loss", "forget term", "retain term", "general term"];
const lossDashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

function lossChart(place, training) {
    const shown = [0, 1, 2, 3].filter((k) => k === 0 || training.terms[k - 1]);
    const steps = training.points.map((p) => p[0]);
    const items = training.points
        .filter((p) => known(p[1]))
        .map((p, i, all) => ({
            x: p[0],
            y: p[1],
            passed: i % Math.ceil(all.length / 20) !== 0 && i + 1 < all.length,
            tip: () =>
                el(
                    "p",
                    {},
                    `step ${count(p[0])}: ` + shown.map((k) => `${lossNames[k]} ${fixed(p[k + 1], 4)}`).join(", "),
                ),
        }));
    items.forEach((item) => {
        item.say = item.tip().textContent;
    });
    figure(place, {
        byX: true,
        describe: `Losses of ${plural(training.steps, "step")} of ${training.method}. The arrow keys walk through some of them.`,
        caption: "The loss that is minimised at each step, and its terms before weighting.",
        items,
        data: [steps].concat(shown.map((k) => training.points.map((p) => p[k + 1]))),
        plot: ({ chosen }) => ({
            padding: [16, 20, 0, 0],
            scales: { x: { time: false }, y: {} },
            axes: [
                axis("step", { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000] }),
                axis("loss", { size: 62 }),
            ],
            series: [{}].concat(
                shown.map((k) => ({
                    stroke: () => (k === 0 ? theColour("--text") : hue(k - 1)),
                    width: 2,
                    dash: lossDashes[k],
                    points: { show: steps.length < 3 },
                    spanGaps: true,
                })),
            ),
            hooks: { draw: [(u) => chosen(u.ctx, u)] },
        }),
    });
    if (shown.length > 1)
        place.append(
            legend(
                shown.map((k) => [
                    k === 0 ? "line" : "dash",
                    k === 0 ? "--text" : `--hue-${k - 1}`,
                    lossNames[k],
                ]),
            ),
        );
}

/* Right answers to questions that were not trained on, and the step whose model was written. */
function probeChart(place, training) {
    const { points, chosen: step, forget, retain } = training.probes;
    const [, knownForget, knownRetain] = points[0];
    const share = (right, all) => (all > 0 ? (100 * right) / all : null);
    const lines = [
        ["forget questions", "--hue-0", [], points.map((p) => share(p[1], knownForget))],
        ["questions to keep", "--hue-1", [8, 4], points.map((p) => share(p[2], knownRetain))],
    ].filter((line) => known(line[3][0]));
    const items = points.map((p, i) => ({
        x: p[0],
        y: lines[0][3][i],
        tip: () =>
            el(
                "p",
                {},
                (p[0] === 0 ? "before" : `step ${count(p[0])}`) +
                    `: ${count(p[1])} of ${count(knownForget)} forget questions, ${count(p[2])} of ${count(knownRetain)} to keep` +
                    (p[0] === step ? " (written)" : ""),
            ),
    }));
    items.forEach((item) => {
        item.say = item.tip().textContent;
    });
    figure(place, {
        byX: true,
        describe: `Right answers between the steps of ${training.method}. The arrow keys walk through them.`,
        caption:
            `Right answers to questions that were not trained on, in per cent of those that the model knew before: ${count(knownForget)} of ` +
            `${count(forget)} about what is to be forgotten, ${count(knownRetain)} of ${count(retain)} about what is to be kept. ` +
            (known(step) ? `The star is step ${count(step)}, whose model was written.` : "No step keeps the limit: no model was written."),
        items,
        data: [points.map((p) => p[0])].concat(lines.map((line) => line[3])),
        plot: ({ chosen }) => ({
            padding: [16, 20, 0, 0],
            scales: { x: { time: false }, y: { range: [0, 105] } },
            axes: [
                axis("step", { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000] }),
                axis("right, %", { size: 62 }),
            ],
            series: [{}].concat(
                lines.map(([, colour, dash]) => ({
                    stroke: () => theColour(colour),
                    fill: null,
                    width: 2,
                    dash,
                    points: { show: true, size: 6, fill: () => theColour(colour) },
                })),
            ),
            hooks: {
                draw: [
                    (u) => {
                        const at = points.findIndex((p) => p[0] === step);
                        lines.forEach(([, colour, , values]) => {
                            if (at < 0) return;
                            const ratio = devicePixelRatio;
                            u.ctx.fillStyle = theColour(colour);
                            star(u.ctx, u.valToPos(step, "x", true), u.valToPos(values[at], "y", true), 9 * ratio);
                            u.ctx.fill();
                        });
                        chosen(u.ctx, u);
                    },
                ],
            },
        }),
    });
    place.append(legend(lines.map(([name, colour, dash]) => [dash.length > 0 ? "dash" : "line", colour, name])));
}

/* "forget set: 148 chat pairs (5,210 label tokens), 74 raw texts (6,001 label tokens)" */
function madeOf([set, nChat, chatLabels, nRaw, rawLabels]) {
    const forms = [
        [nChat, "chat pair", chatLabels],
        [nRaw, "raw text", rawLabels],
    ].filter((form) => form[0] > 0);
    const words = forms.map(([n, what, labels]) => `${plural(n, what)} (${plural(labels, "label token")})`);
    return `${set} set: ${words.join(", ")}`;
}

function drawTraining(place, part) {
    place.append(
        table(
            [
                "method",
                { text: "steps", number: true },
                "ended",
                { text: "forget NLL before", number: true },
                { text: "after", number: true },
                { text: "retain NLL before", number: true },
                { text: "after", number: true },
                { text: "learning rate", number: true },
                "model",
            ],
            part.trainings.map((t) => [
                t.method,
                t.steps < t.planned ? `${count(t.steps)} of ${count(t.planned)}` : count(t.steps),
                t.stop,
                fixed(t.forget_nll[0], 3),
                fixed(t.forget_nll[1], 3),
                fixed(t.retain_nll[0], 3),
                fixed(t.retain_nll[1], 3),
                known(t.learning_rate) ? String(t.learning_rate) : "–",
                short(t.model, 13),
            ]),
            { label: "Trainings" },
        ),
        note(
            "NLL: mean negative log-likelihood in nats per token, for the weights that were written, on examples of the set that was unlearned and of the retain set. A higher forget NLL alone does not prove forgetting; biforget eval measures it.",
        ),
    );
    if (part.n > part.trainings.length)
        place.append(note(`Only the latest ${part.trainings.length} of ${count(part.n)} trainings are shown.`));
    part.trainings.forEach((training) => {
        if (part.trainings.length > 1)
            place.append(el("h3", {}, `${training.method}, training ${count(training.id)}`));
        if (training.made.length > 0) place.append(note(`Trained on: ${training.made.map(madeOf).join("; ")}.`));
        if (training.probes) probeChart(place, training);
        if (training.points.length > 0) lossChart(place, training);
    });
}

/* ---- before and after: what `--then` found ---- */

function drawClosedLoop(place, part) {
    const sets = { forget: "forget set", retain: "retain set", questions: "questions" };
    const names = {
        nll: "NLL, nats per token",
        exact_memorization: "exact memorization",
        extraction_strength: "extraction strength",
        rouge_l: "answers, ROUGE-L recall",
        came_back: "most that comes back",
    };
    const signed = (value) => (value < 0 ? "" : "+") + fixed(value, 4);
    place.append(
        el("p", {}, `Method ${part.method}; the unlearned model is ${part.output} in the run's folder.`),
        table(
            [
                "metric",
                "set",
                { text: "before", number: true },
                { text: "after", number: true },
                { text: "change", number: true },
                { text: "n", number: true },
            ],
            part.figures.map((row) => [
                (names[row.figure] || row.figure) + (row.note ? ` (${row.note})` : ""),
                sets[row.set] || row.set,
                known(row.before) ? fixed(row.before, 4) : null,
                known(row.after) ? fixed(row.after, 4) : null,
                known(row.before) && known(row.after) ? signed(row.after - row.before) : null,
                known(row.n) ? String(row.n) : null,
            ]),
            { label: "Before and after unlearning" },
        ),
        note(
            "Training saw both sets: these numbers do not show what the model says about other texts, nor which abilities it kept.",
        ),
    );
    if (part.answers.length > 0)
        place.append(
            table(
                ["prompt", "before", "after"],
                part.answers.map((answer) => [answer.prompt, answer.before, answer.after]),
                { label: "Answers before and after" },
            ),
        );
}
