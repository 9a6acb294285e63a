"use strict";
/* The map of meaning: a mark for each text, the sets' centroids, and the domain. */

function mapChart(place, map, groups, groupOf, colourOf, tipOf) {
    const order = map.points.map((p, i) => i).sort((a, b) => map.points[a][0] - map.points[b][0]);
    const xs = order.map((i) => map.points[i][0]),
        ys = order.map((i) => map.points[i][1]);
    const all = map.points
        .map((p) => [p[0], p[1]])
        .concat(
            map.centroids.filter((c) => c),
            map.domain ? [map.domain] : [],
        );
    const range = (axis) => {
        const values = all.map((p) => p[axis]),
            low = Math.min(...values),
            high = Math.max(...values),
            pad = 0.06 * (high - low) || 1;
        return [low - pad, high + pad];
    };
    const items = order.map((i) => ({
        x: map.points[i][0],
        y: map.points[i][1],
        tip: () => tipOf(map.points[i]),
        say: squeeze(map.points[i][7] || ""),
        hidden: () => groups[groupOf(map.points[i])].off,
    }));
    const draw = (u, chosen) => {
        const ctx = u.ctx,
            ratio = devicePixelRatio,
            at = (p) => [u.valToPos(p[0], "x", true), u.valToPos(p[1], "y", true)];
        ctx.save();
        order.forEach((i) => {
            const group = groupOf(map.points[i]),
                [x, y] = at(map.points[i]);
            if (groups[group].off) return;
            ctx.fillStyle = ctx.strokeStyle = theColour(colourOf(group));
            ctx.lineWidth = 2 * ratio;
            ctx.globalAlpha = 0.8;
            mark(ctx, shapes[group % shapes.length], x, y, 4 * ratio);
        });
        ctx.globalAlpha = 1;
        ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
        ctx.textAlign = "center";
        const labels = [];
        map.centroids.forEach((c, s) => {
            if (!c || (map.sets.length > 1 && groups[s].off)) return;
            const [x, y] = at(c);
            let distance = "";
            if (map.domain) {
                const [dx, dy] = at(map.domain),
                    length = Math.hypot(c[0] - map.domain[0], c[1] - map.domain[1]);
                ctx.strokeStyle = theColour("--text");
                ctx.lineWidth = 1.5 * ratio;
                ctx.setLineDash([6 * ratio, 4 * ratio]);
                ctx.beginPath();
                ctx.moveTo(x, y);
                ctx.lineTo(dx, dy);
                ctx.stroke();
                ctx.setLineDash([]);
                distance = ` ${length.toFixed(1)}`;
            }
            ctx.strokeStyle = theColour("--card");
            ctx.lineWidth = 7 * ratio;
            plus(ctx, x, y, 9 * ratio);
            ctx.strokeStyle = map.sets.length > 1 ? theColour(`--hue-${s % 8}`) : theColour("--text");
            ctx.lineWidth = 4 * ratio;
            plus(ctx, x, y, 9 * ratio);
            labels.push([short(map.sets[s] || "", 24) + distance, x, y]);
        });
        if (map.domain) {
            const [x, y] = at(map.domain);
            star(ctx, x, y, 13 * ratio);
            ctx.fillStyle = theColour("--star");
            ctx.fill();
            ctx.strokeStyle = theColour("--text");
            ctx.lineWidth = 1.5 * ratio;
            ctx.stroke();
            /* Names go to the side away from the star; the star's own name goes away from the nearest centroid. */
            const below =
                labels.length > 0 &&
                labels.reduce((a, b) => (Math.hypot(a[1] - x, a[2] - y) < Math.hypot(b[1] - x, b[2] - y) ? a : b))[2] >
                    y;
            label(ctx, short(map.name || "domain", 30), x, y + (below ? -25 : 25) * ratio, ratio);
            labels.forEach((l) => label(ctx, l[0], l[1], l[2] + (l[2] > y ? 20 : -18) * ratio, ratio));
        } else labels.forEach((l) => label(ctx, l[0], l[1], l[2] - 18 * ratio, ratio));
        chosen(ctx, u);
        ctx.restore();
    };
    function plus(ctx, x, y, r) {
        ctx.beginPath();
        ctx.moveTo(x - r, y);
        ctx.lineTo(x + r, y);
        ctx.moveTo(x, y - r);
        ctx.lineTo(x, y + r);
        ctx.stroke();
    }
    function label(ctx, text, x, y, ratio) {
        const half = ctx.measureText(text).width / 2,
            edge = 4 * ratio;
        x = Math.max(half + edge, Math.min(ctx.canvas.width - half - edge, x));
        ctx.lineJoin = "round";
        ctx.strokeStyle = theColour("--card");
        ctx.lineWidth = 4 * ratio;
        ctx.strokeText(text, x, y + 4 * ratio);
        ctx.fillStyle = theColour("--text");
        ctx.fillText(text, x, y + 4 * ratio);
    }
    return figure(place, {
        describe: `Map of ${plural(map.points.length, "text")}. The arrow keys walk from point to point.`,
        caption: map.caption,
        framed: true,
        items,
        data: [xs, ys],
        plot: ({ chosen }) => ({
            padding: [12, 12, 12, 12],
            scales: { x: { time: false, range: () => range(0) }, y: { range: () => range(1) } },
            axes: [{ show: false }, { show: false }],
            series: [{}, { paths: () => null, points: { show: false } }],
            hooks: { draw: [(u) => draw(u, chosen)] },
        }),
    });
}
