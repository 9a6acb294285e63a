"use strict";
/* The trade-off: a point for each set and method, with whiskers from the smallest to the largest seed. Colours are sets, marks are methods. */

/* points: [{x: [n, mean, low, high], y: the same, set, method, tip: text}]; gold and target: {x, y} with numbers, or null. */
function tradeoffChart(place, points, models, options) {
    const sorted = points.slice().sort((a, b) => a.x[1] - b.x[1]);
    const named = models.filter((m) => known(m.x) && known(m.y)).map((m) => Object.assign({ model: true }, m));
    const items = sorted
        .map((p) => ({
            x: p.x[1],
            y: p.y[1],
            tip: () => el("p", {}, p.tip),
            say: p.tip,
            hidden: () => options.off(p),
        }))
        .concat(named.map((m) => ({ x: m.x, y: m.y, tip: () => el("p", {}, m.tip), say: m.tip })));
    const range = (axis) => {
        const values = points.flatMap((p) => [p[axis][2], p[axis][3]]).concat(named.map((m) => m[axis])),
            low = Math.min(...values),
            high = Math.max(...values),
            pad = (axis === "y" ? 0.13 : 0.07) * (high - low) || 0.1 * Math.abs(high) || 1;
        return [low - pad, high + pad];
    };
    const draw = (u, chosen) => {
        const ctx = u.ctx,
            ratio = devicePixelRatio,
            X = (v) => u.valToPos(v, "x", true),
            Y = (v) => u.valToPos(v, "y", true);
        const line = (x1, y1, x2, y2) => {
            ctx.beginPath();
            ctx.moveTo(x1, y1);
            ctx.lineTo(x2, y2);
            ctx.stroke();
        };
        ctx.save();
        const gold = named.find((m) => m.key === "gold");
        if (gold) {
            ctx.strokeStyle = theColour("--muted");
            ctx.lineWidth = 1.5 * ratio;
            ctx.setLineDash([6 * ratio, 4 * ratio]);
            line(u.bbox.left, Y(gold.y), u.bbox.left + u.bbox.width, Y(gold.y));
            line(X(gold.x), u.bbox.top, X(gold.x), u.bbox.top + u.bbox.height);
            ctx.setLineDash([]);
        }
        const shown = sorted.filter((p) => !options.off(p));
        shown.forEach((p) => {
            ctx.strokeStyle = hue(p.set);
            ctx.globalAlpha = 0.45;
            ctx.lineWidth = 1.2 * ratio;
            line(X(p.x[2]), Y(p.y[1]), X(p.x[3]), Y(p.y[1]));
            line(X(p.x[1]), Y(p.y[2]), X(p.x[1]), Y(p.y[3]));
        });
        ctx.globalAlpha = 0.9;
        shown.forEach((p) => {
            ctx.fillStyle = ctx.strokeStyle = hue(p.set);
            ctx.lineWidth = 2.2 * ratio;
            mark(ctx, shapes[p.method % shapes.length], X(p.x[1]), Y(p.y[1]), 5 * ratio);
        });
        ctx.globalAlpha = 1;
        ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
        named.forEach((m) => {
            const x = X(m.x),
                y = Y(m.y);
            star(ctx, x, y, (m.key === "gold" ? 12 : 10) * ratio);
            ctx.fillStyle = theColour(m.key === "gold" ? "--star" : "--card");
            ctx.fill();
            ctx.strokeStyle = theColour("--text");
            ctx.lineWidth = 1.5 * ratio;
            ctx.stroke();
            const half = ctx.measureText(m.name).width / 2,
                edge = 4 * ratio,
                at = Math.max(u.bbox.left + half + edge, Math.min(u.bbox.left + u.bbox.width - half - edge, x)),
                below = y > u.bbox.top + u.bbox.height / 2; /* away from the points */
            ctx.textAlign = "center";
            ctx.lineJoin = "round";
            ctx.strokeStyle = theColour("--card");
            ctx.lineWidth = 4 * ratio;
            const height = y + (below ? 26 : -16) * ratio;
            ctx.strokeText(m.name, at, height);
            ctx.fillStyle = theColour("--text");
            ctx.fillText(m.name, at, height);
        });
        chosen(ctx, u);
        ctx.restore();
    };
    return figure(place, {
        describe: `${options.y} against ${options.x}, ${plural(points.length, "point")}. The arrow keys walk from point to point.`,
        caption: options.caption,
        items,
        data: [items.map((item) => item.x).sort((a, b) => a - b), items.map((item) => item.y)],
        plot: ({ chosen }) => ({
            padding: [14, 16, 0, 0],
            scales: { x: { time: false, range: () => range("x") }, y: { range: () => range("y") } },
            axes: [axis(options.x), axis(options.y, { size: 62 })],
            series: [{}, { paths: () => null, points: { show: false } }],
            hooks: { draw: [(u) => draw(u, chosen)] },
        }),
    });
}
