"use strict";
/* The theme, the frame around the sections, and printing. */

const theme = {
    dark: () =>
        (document.documentElement.dataset.theme ||
            (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark",
    paper: false,
    set(name) {
        if (name) document.documentElement.dataset.theme = name;
        else delete document.documentElement.dataset.theme;
        this.shown();
    },
    shown() {
        const button = document.getElementById("theme");
        button.setAttribute("aria-pressed", String(this.dark()));
        charts.forEach((chart) => chart.redraw());
    },
};

/* sections: [id, title, key of the data, draw(place, part, data)]. */
function start(sections) {
    const data = JSON.parse(document.getElementById("data").textContent);
    document.getElementById("title").textContent = data.title;
    document.getElementById("lead").textContent = data.lead;
    const main = document.getElementById("main"),
        nav = document.getElementById("nav");
    sections.forEach(([id, title, key, draw]) => {
        if (!(key in data)) return;
        const place = el("section", { id, "aria-labelledby": id + "-title" }, el("h2", { id: id + "-title" }, title));
        main.append(place);
        nav.append(el("li", {}, el("a", { href: "#" + id }, title)));
        try {
            draw(place, data[key], data);
        } catch (error) {
            place.append(note("This section could not be shown: " + error.message));
            console.error(error);
        }
    });
    document
        .getElementById("foot")
        .append(
            el(
                "p",
                {},
                `Written by biforget ${data.program}. This file loads nothing and sends nothing. It may contain what the model should forget: share it with care.`,
            ),
        );
    document.getElementById("theme").addEventListener("click", () => theme.set(theme.dark() ? "light" : "dark"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme.shown());
    let width = innerWidth,
        waiting = 0;
    addEventListener("resize", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
            if (innerWidth !== width) {
                width = innerWidth;
                charts.forEach((chart) => chart.redraw());
            }
        }, 100);
    });
    /* Paper is white. */
    let before = null;
    addEventListener("beforeprint", () => {
        before = document.documentElement.dataset.theme || "";
        theme.paper = true;
        theme.set("light");
    });
    addEventListener("afterprint", () => {
        theme.paper = false;
        theme.set(before);
    });
    theme.shown();
}
