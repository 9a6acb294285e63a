"use strict";
/* What all sections share. Texts of models are untrusted: they reach the page only as text nodes and attribute values. */

/* el("p", {class: "note"}, "text", [nodes]): an element with attributes, listeners (onclick: function) and children. */
function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value !== null && value !== undefined && value !== false)
            node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(2)) if (child !== null && child !== undefined) node.append(child);
    return node;
}

const known = (value) => typeof value === "number" && isFinite(value);
const fixed = (value, digits) => (known(value) ? value.toFixed(digits) : "–");
const count = (value) => (known(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, " ") : "–");
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
const squeeze = (text) => text.replace(/\s+/g, " ").trim();
const short = (text, n) => (text.length > n ? text.slice(0, n - 1).replace(/[\ud800-\udbff]$/, "") + "…" : text);
const theColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* The program's words, as people read them. */
const stageNames = {
    synthesis: "Stage I",
    mi: "membership inference",
    jailbreak: "jailbreak",
    original: "original",
    rewrite: "rewriting",
    textbook: "textbook",
    import: "brought in",
    points: "points",
    control: "control",
};
const stageName = (word) => stageNames[word] || word || "unknown";

/* table(["a", {text: "b", number: true}], rows): a row is a list of texts, nodes or null; the first cell heads its row. */
function table(heads, rows, attributes) {
    const numeric = heads.map((head) => typeof head === "object" && head.number === true);
    const cell = (tag, value, i) =>
        el(
            tag,
            { class: numeric[i] ? "number" : null, scope: tag === "th" ? "row" : null },
            value === null || value === undefined ? "–" : value,
        );
    return el(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": (attributes && attributes.label) || "Table" },
        el(
            "table",
            { class: (attributes && attributes.class) || null },
            attributes && attributes.caption ? el("caption", {}, attributes.caption) : null,
            el(
                "thead",
                {},
                el(
                    "tr",
                    {},
                    heads.map((head, i) =>
                        el("th", { scope: "col", class: numeric[i] ? "number" : null }, head.text || head),
                    ),
                ),
            ),
            el(
                "tbody",
                {},
                rows.map((row) =>
                    el(
                        "tr",
                        {},
                        row.map((value, i) => cell(i === 0 ? "th" : "td", value, i)),
                    ),
                ),
            ),
        ),
    );
}

/* A share as a bar with its number; the bar is decoration. */
function bar(value, most, tone) {
    const fill = el("span", { class: "fill " + (tone || "") });
    fill.style.width = `${most > 0 ? Math.max(0, Math.min(100, (100 * value) / most)) : 0}%`;
    return el("span", { class: "track", "aria-hidden": "true" }, fill);
}

/* The beginning of a long text, and all of it on demand. */
function textCell(text, n) {
    const line = squeeze(text);
    if (line.length <= n && line === text) return el("span", { class: "text" }, text);
    if (line.length <= n) return el("span", { class: "text lines" }, text);
    return el("details", { class: "text" }, el("summary", {}, short(line, n)), el("div", { class: "lines" }, text));
}

/* Shorten a list to fit the screen; a button shows the rest. */
function firstOf(nodes, n, place, word) {
    nodes.slice(0, n).forEach((node) => place.append(node));
    if (nodes.length <= n) return null;
    const button = el(
        "button",
        {
            type: "button",
            class: "more",
            onclick: () => {
                nodes.slice(n).forEach((node) => place.append(node));
                button.remove();
            },
        },
        `Show ${count(nodes.length - n)} more ${word}`,
    );
    return button;
}

/* ---- in sections ---- */

const note = (text) => el("p", { class: "note" }, text);
/* A section without data says why; true when it did. */
function without(place, part) {
    if (!part || !part.why || part.sets) return false;
    place.append(note(part.why.charAt(0).toUpperCase() + part.why.slice(1) + (/[.!?]$/.test(part.why) ? "" : ".")));
    return true;
}

function drawWords(place, words) {
    place.append(
        el(
            "ul",
            { class: "words" },
            words.map((word) =>
                el(
                    "li",
                    { class: word.tone === "warning" ? "warning" : null },
                    word.tone === "warning" ? el("strong", {}, "Note: ") : null,
                    word.text,
                ),
            ),
        ),
    );
}
