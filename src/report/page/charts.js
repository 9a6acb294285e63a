"use strict";
/* The charts, drawn by uPlot: its scales, axes and canvas; the marks, the tooltip and the keyboard are ours. */

const charts = []; /* each has redraw(): after a change of theme or width */
const shapes = ["circle", "square", "triangle", "diamond", "cross", "ring", "down", "bar"];
const hue = (i) => theColour(`--hue-${i % 8}`);

function mark(ctx, shape, x, y, r) {
    ctx.beginPath();
    if (shape === "circle" || shape === "ring") ctx.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === "square") ctx.rect(x - r * 0.9, y - r * 0.9, 1.8 * r, 1.8 * r);
    else if (shape === "triangle") {
        ctx.moveTo(x, y - 1.2 * r);
        ctx.lineTo(x + 1.1 * r, y + 0.8 * r);
        ctx.lineTo(x - 1.1 * r, y + 0.8 * r);
        ctx.closePath();
    } else if (shape === "down") {
        ctx.moveTo(x, y + 1.2 * r);
        ctx.lineTo(x + 1.1 * r, y - 0.8 * r);
        ctx.lineTo(x - 1.1 * r, y - 0.8 * r);
        ctx.closePath();
    } else if (shape === "diamond") {
        ctx.moveTo(x, y - 1.3 * r);
        ctx.lineTo(x + 1.1 * r, y);
        ctx.lineTo(x, y + 1.3 * r);
        ctx.lineTo(x - 1.1 * r, y);
        ctx.closePath();
    } else if (shape === "bar") ctx.rect(x - 1.3 * r, y - 0.5 * r, 2.6 * r, r);
    else {
        ctx.moveTo(x - r, y - r);
        ctx.lineTo(x + r, y + r);
        ctx.moveTo(x + r, y - r);
        ctx.lineTo(x - r, y + r);
    }
    if (shape === "cross" || shape === "ring") ctx.stroke();
    else ctx.fill();
}

function star(ctx, x, y, r) {
    ctx.beginPath();
    for (let i = 0; i < 10; i++) {
        const angle = -Math.PI / 2 + (i * Math.PI) / 5,
            length = i % 2 ? 0.45 * r : r;
        ctx.lineTo(x + length * Math.cos(angle), y + length * Math.sin(angle));
    }
    ctx.closePath();
}

/* The mark of a group beside its name, as a canvas: the same drawing as in the chart. */
function legendMark(shape, colour) {
    const canvas = el("canvas", { width: "32", height: "32", class: "key", "aria-hidden": "true" });
    const draw = () => {
        const ctx = canvas.getContext("2d");
        ctx.clearRect(0, 0, 32, 32);
        ctx.fillStyle = ctx.strokeStyle = theColour(colour);
        ctx.lineWidth = 4;
        if (shape === "star") {
            star(ctx, 16, 16, 14);
            ctx.fill();
        } else if (shape === "line") {
            ctx.beginPath();
            ctx.moveTo(2, 16);
            ctx.lineTo(30, 16);
            ctx.stroke();
        } else if (shape === "dash") {
            ctx.beginPath();
            ctx.setLineDash([7, 4]);
            ctx.moveTo(2, 16);
            ctx.lineTo(30, 16);
            ctx.stroke();
            ctx.setLineDash([]);
        } else if (shape === "plus") {
            ctx.beginPath();
            ctx.moveTo(16, 4);
            ctx.lineTo(16, 28);
            ctx.moveTo(4, 16);
            ctx.lineTo(28, 16);
            ctx.stroke();
        } else mark(ctx, shape, 16, 16, 10);
    };
    charts.push({ redraw: draw });
    draw();
    return canvas;
}
const legend = (entries) =>
    el(
        "ul",
        { class: "legend" },
        entries.map(([shape, colour, text]) => el("li", {}, legendMark(shape, colour), el("span", {}, text))),
    );

const axis = (label, extra) =>
    Object.assign(
        {
            label,
            labelSize: 22,
            labelFont: "13px system-ui, sans-serif",
            font: "12px system-ui, sans-serif",
            size: label ? 50 : 30,
            stroke: () => theColour("--muted"),
            grid: { stroke: () => theColour("--grid"), width: 1 },
            ticks: { stroke: () => theColour("--grid"), width: 1, size: 5 },
        },
        extra || {},
    );

/* A chart in a <figure>. `describe` is what a screen reader says about the whole chart. With `items` its marks can be pointed at, tapped,
 * and visited with the arrow keys: items[i] = {x, y, tip: () => node, say: text}, with passed: true for one that the keys skip.
 * byX: the pointer chooses the mark above or below it, however far. */
function figure(place, options) {
    const box = el("div", {
        class: options.framed ? "chart framed" : "chart",
        tabindex: "0",
        role: "group",
        "aria-label": options.describe,
    });
    const tip = el("div", { class: "tip", hidden: true });
    const said = el("p", { class: "visually-hidden", role: "status" });
    place.append(el("figure", {}, box, said, el("figcaption", {}, options.caption)));
    let plot = null,
        at = -1;
    const items = options.items || [];
    const height = (width) => options.height || Math.round(Math.min(480, Math.max(300, width * 0.62)));

    function hide() {
        at = -1;
        tip.hidden = true;
        if (plot) plot.redraw(false);
    }
    function show(i, speak) {
        at = i;
        const item = items[i],
            left = plot.valToPos(item.x, "x") + plot.over.offsetLeft,
            top = plot.valToPos(item.y, "y") + plot.over.offsetTop;
        tip.replaceChildren(item.tip());
        tip.hidden = false;
        const room = box.clientWidth;
        tip.style.maxWidth = `${Math.min(360, room - 8)}px`;
        const width = tip.offsetWidth,
            tall = tip.offsetHeight;
        tip.style.left = `${Math.max(4, Math.min(room - width - 4, left - width / 2))}px`;
        tip.style.top = `${top > tall + 14 ? top - tall - 12 : top + 14}px`;
        if (speak) said.textContent = item.say;
        plot.redraw(false);
    }
    function nearest(event) {
        const area = plot.over.getBoundingClientRect(),
            x = event.clientX - area.left,
            y = event.clientY - area.top;
        let best = -1,
            least = 28 * 28;
        items.forEach((item, i) => {
            const dx = plot.valToPos(item.x, "x") - x,
                dy = (plot.valToPos(item.y, "y") - y) * (options.byX ? 0.02 : 1),
                d = dx * dx + dy * dy;
            if (d < least && (!item.hidden || !item.hidden())) {
                best = i;
                least = d;
            }
        });
        return best;
    }
    function point(event) {
        const i = nearest(event);
        if (i >= 0 && i !== at) show(i, false);
        else if (i < 0 && at >= 0) hide();
    }
    function draw() {
        const width = Math.min(box.clientWidth, theme.paper ? 640 : Infinity);
        if (plot) plot.destroy();
        tip.hidden = true;
        at = -1;
        plot = new uPlot(
            Object.assign(
                { width, height: height(width), legend: { show: false }, cursor: { show: false } },
                options.plot({
                    chosen: (ctx, u) => {
                        if (at < 0) return;
                        ctx.strokeStyle = theColour("--text");
                        ctx.lineWidth = 2.5 * devicePixelRatio;
                        ctx.beginPath();
                        ctx.arc(
                            u.valToPos(items[at].x, "x", true),
                            u.valToPos(items[at].y, "y", true),
                            8 * devicePixelRatio,
                            0,
                            2 * Math.PI,
                        );
                        ctx.stroke();
                    },
                }),
            ),
            options.data,
            box,
        );
        box.append(tip);
        if (items.length > 0) {
            plot.over.addEventListener("mousemove", point);
            plot.over.addEventListener("click", point);
            plot.over.addEventListener("mouseleave", hide);
        }
    }
    if (items.length > 0)
        box.addEventListener("keydown", (event) => {
            const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
            if (event.key === "Escape") hide();
            if (!step) return;
            event.preventDefault();
            let next = at;
            for (let k = 0; k < items.length; k++) {
                next = (next + step + items.length) % items.length;
                if (at < 0 && step < 0 && k === 0) next = items.length - 1;
                if (!items[next].passed && (!items[next].hidden || !items[next].hidden())) break;
            }
            show(next, true);
        });
    box.addEventListener("blur", hide);
    draw();
    const chart = { redraw: draw, box };
    charts.push(chart);
    return chart;
}

/* ---- lines over kept samples ---- */

function traceChart(place, traces, caption) {
    const data = uPlot.join(traces.map((t) => [t.points.map((p) => p[0]), t.points.map((p) => p[1])]));
    const items = traces
        .flatMap((t, k) => {
            const checks = t.checks.map(([n, d, gain, stop]) => ({
                x: n,
                y: d,
                trace: k,
                check: true,
                stop,
                tip: () =>
                    el(
                        "p",
                        {},
                        `${t.name ? short(t.name, 40) + ": " : ""}check after ${plural(n, "kept sample")}: diversity ${fixed(d, 4)}` +
                            (known(gain) ? `, gain ${gain > 0 ? "+" : ""}${gain.toFixed(4)}` : "") +
                            (stop ? "; here the stop rule ended the stage" : ""),
                    ),
            }));
            const last = t.points[t.points.length - 1],
                inChecks = new Set(t.checks.map((c) => c[0]));
            const line = t.points
                .filter((p) => p !== last && !inChecks.has(p[0]))
                .map(([n, d]) => ({
                    x: n,
                    y: d,
                    trace: k,
                    passed: true,
                    tip: () =>
                        el(
                            "p",
                            {},
                            `${t.name ? short(t.name, 40) + ": " : ""}diversity ${fixed(d, 4)} after ${plural(n, "kept sample")}`,
                        ),
                }));
            return line.concat(checks, [
                {
                    x: last[0],
                    y: last[1],
                    trace: k,
                    end: true,
                    tip: () =>
                        el(
                            "p",
                            {},
                            `${t.name ? short(t.name, 40) + ": " : ""}ended after ${plural(last[0], "kept sample")}, diversity ${fixed(last[1], 4)}: ${t.stop_text}`,
                        ),
                },
            ]);
        })
        .sort((a, b) => a.x - b.x);
    items.forEach((item) => {
        item.say = item.passed ? "" : item.tip().textContent;
    });
    return figure(place, {
        byX: true,
        describe: "Diversity after each kept sample. The arrow keys walk through the checks of the stop rule.",
        caption,
        items,
        data,
        plot: ({ chosen }) => ({
            padding: [16, 20, 0, 0],
            scales: { x: { time: false }, y: {} },
            axes: [axis("kept samples"), axis("diversity (remote-clique)", { size: 62 })],
            series: [{}].concat(
                traces.map((t, k) => ({
                    stroke: () => hue(k),
                    width: 2,
                    points: { show: t.points.length < 3 },
                    spanGaps: true,
                })),
            ),
            hooks: {
                draw: [
                    (u) => {
                        const ctx = u.ctx,
                            ratio = devicePixelRatio;
                        ctx.save();
                        items
                            .filter((item) => !item.passed)
                            .forEach((item) => {
                                const x = u.valToPos(item.x, "x", true),
                                    y = u.valToPos(item.y, "y", true);
                                ctx.fillStyle = ctx.strokeStyle =
                                    item.stop || item.end ? theColour("--text") : hue(item.trace);
                                ctx.lineWidth = 2 * ratio;
                                if (item.end) {
                                    ctx.setLineDash([5 * ratio, 4 * ratio]);
                                    ctx.beginPath();
                                    ctx.moveTo(x, u.bbox.top);
                                    ctx.lineTo(x, u.bbox.top + u.bbox.height);
                                    ctx.stroke();
                                    ctx.setLineDash([]);
                                }
                                mark(ctx, item.end ? "diamond" : "circle", x, y, (item.end ? 6 : 4) * ratio);
                            });
                        chosen(ctx, u);
                        ctx.restore();
                    },
                ],
            },
        }),
    });
}

/* ---- the histogram ---- */

/* layers: [[name, counts, colour]] stacked; a vertical line at `line`. */
function histogramChart(place, layers, line, label, caption, describe) {
    const n = layers[0][1].length,
        width = 1 / n;
    const xs = Array.from({ length: n }, (_, i) => (i + 0.5) * width);
    const tops = xs.map((_, i) => layers.reduce((sum, layer) => sum + layer[1][i], 0));
    const items = xs.map((x, i) => ({
        x,
        y: tops[i],
        tip: () =>
            el(
                "p",
                {},
                `${(i * width).toFixed(2)} to ${((i + 1) * width).toFixed(2)}: ` +
                    layers.map((layer) => `${layer[1][i]} ${layer[0]}`).join(", "),
            ),
        hidden: () => tops[i] === 0,
    }));
    items.forEach((item) => {
        item.say = item.tip().textContent;
    });
    return figure(place, {
        byX: true,
        describe,
        caption,
        items,
        data: [xs, tops],
        plot: ({ chosen }) => ({
            padding: [18, 16, 0, 0],
            scales: {
                x: { time: false, range: () => [0, 1] },
                y: { range: (u, low, high) => [0, Math.max(1, high * 1.08)] },
            },
            axes: [
                axis(label),
                axis("texts", {
                    incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000, 1000000],
                }),
            ],
            series: [{}, { paths: () => null, points: { show: false } }],
            hooks: {
                draw: [
                    (u) => {
                        const ctx = u.ctx,
                            ratio = devicePixelRatio;
                        ctx.save();
                        xs.forEach((x, i) => {
                            let base = 0;
                            layers.forEach(([, counts, colour]) => {
                                const left = u.valToPos(i * width, "x", true),
                                    right = u.valToPos((i + 1) * width, "x", true);
                                const bottom = u.valToPos(base, "y", true),
                                    top = u.valToPos(base + counts[i], "y", true);
                                ctx.fillStyle = theColour(colour);
                                ctx.fillRect(left + ratio, top, right - left - 2 * ratio, bottom - top);
                                base += counts[i];
                            });
                        });
                        if (known(line)) {
                            const x = u.valToPos(line, "x", true);
                            ctx.strokeStyle = theColour("--text");
                            ctx.lineWidth = 2 * ratio;
                            ctx.setLineDash([6 * ratio, 4 * ratio]);
                            ctx.beginPath();
                            ctx.moveTo(x, u.bbox.top);
                            ctx.lineTo(x, u.bbox.top + u.bbox.height);
                            ctx.stroke();
                            ctx.setLineDash([]);
                            ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
                            ctx.fillStyle = theColour("--text");
                            ctx.textAlign = line > 0.8 ? "right" : "left";
                            ctx.fillText(`tau ${line}`, x + (line > 0.8 ? -6 : 6) * ratio, u.bbox.top + 12 * ratio);
                        }
                        chosen(ctx, u);
                        ctx.restore();
                    },
                ],
            },
        }),
    });
}
