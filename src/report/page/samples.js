"use strict";
/* The table of samples: search, filters, order, pages. A row is a list of values in this order. */
const COLUMN = {
    id: 0,
    request: 1,
    stage: 2,
    reason: 3,
    point: 4,
    template: 5,
    temperature: 6,
    seed: 7,
    tokens: 8,
    minK: 9,
    similarity: 10,
    sameAs: 11,
    text: 12,
};

function drawSamples(place, part) {
    const C = COLUMN,
        words = part.words,
        rows = part.rows;
    const word = (row, column) => words[row[column]];
    if (part.n === 0) {
        place.append(note("There are no samples."));
        return;
    }
    if (rows.length < part.n)
        place.append(
            note(
                `The page shows ${count(rows.length)} of ${count(part.n)} samples, about every ${part.every === 1 ? "" : part.every + "th "}one, to stay below two megabytes; “biforget show” and “biforget export” have all.`.replace(
                    "every one",
                    "the first ones",
                ),
            ),
        );
    const isNumber = (column) => [C.id, C.temperature, C.tokens, C.minK, C.similarity].includes(column);
    const lower = rows.map((row) =>
        `${row[C.id]} ${row[C.text]} ${word(row, C.point)} ${word(row, C.template)}`.toLowerCase(),
    );
    const state = {
        search: "",
        stage: "",
        reason: "*",
        point: "",
        template: "",
        request: "",
        page: 0,
        size: 25,
        order: C.id,
        down: false,
    };
    const body = el("tbody", {}),
        said = el("p", { class: "found", role: "status" }),
        where = el("span", {});
    const everyHead = [
        ["Sample", C.id],
        ["Text", null],
        ["State", C.reason],
        ["Stage", C.stage],
        ["Point", C.point],
        ["Template", C.template],
        ["Tokens", C.tokens],
        ["Min-K%", C.minK],
        ["To domain", C.similarity],
    ];
    /* A column without a value in any row is left out. */
    const filled = (column) => rows.some((row) => (isNumber(column) ? known(row[column]) : words[row[column]] !== ""));
    const heads = everyHead.filter(([, column]) => column === null || column === C.reason || filled(column));
    function select(key, label, column, everything, nameOf) {
        const used = [...new Set(rows.map((row) => row[column]))].filter((w) => words[w] !== "" || column === C.reason);
        if (used.length < 2 && column !== C.reason) return null;
        used.sort((a, b) => nameOf(words[a]).localeCompare(nameOf(words[b])));
        const node = el(
            "select",
            {
                id: "filter-" + key,
                onchange: () => {
                    state[key] = node.value;
                    state.page = 0;
                    show();
                },
            },
            everything,
            used.map((w) => el("option", { value: String(w) }, short(nameOf(words[w]), 50))),
        );
        return el("label", { for: "filter-" + key }, el("span", {}, label), node);
    }
    const all = (text) => el("option", { value: "" }, text);
    const search = el("input", {
        type: "search",
        id: "search",
        placeholder: "words in a text, a point or a template",
        autocomplete: "off",
        oninput: () => {
            state.search = search.value;
            state.page = 0;
            show();
        },
    });
    const stateName = (w) => w || "kept";
    place.append(
        el(
            "form",
            { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
            el("label", { for: "search", class: "wide" }, el("span", {}, "Search"), search),
            select(
                "reason",
                "State",
                C.reason,
                [
                    el("option", { value: "*" }, "all"),
                    el("option", { value: "kept" }, "kept"),
                    el("option", { value: "rejected" }, "rejected"),
                ].filter(Boolean),
                (w) => (w ? "rejected: " + w : "kept"),
            ),
            select("stage", "Stage", C.stage, all("all"), stageName),
            select("point", "Point", C.point, all("all"), (w) => w),
            select("template", "Template", C.template, all("all"), (w) => w),
            select("request", "Request", C.request, all("all"), (w) => w),
        ),
    );
    /* "kept" already has its own entry. */
    const states = place.querySelector("#filter-reason");
    [...states.options].forEach((option) => {
        if (option.value !== "kept" && option.value !== "*" && words[option.value] === "") option.remove();
    });

    function keep(row, i) {
        const wanted = state.search
            .toLowerCase()
            .split(/\s+/)
            .filter((w) => w);
        if (!wanted.every((w) => lower[i].includes(w))) return false;
        const reason = word(row, C.reason);
        if (
            state.reason === "kept"
                ? reason !== ""
                : state.reason === "rejected"
                  ? reason === ""
                  : state.reason !== "*" && state.reason !== String(row[C.reason])
        )
            return false;
        return ["stage", "point", "template", "request"].every(
            (key) => state[key] === "" || state[key] === String(row[C[key]]),
        );
    }
    function compare(a, b) {
        const c = state.order,
            x = a[c],
            y = b[c];
        if (isNumber(c)) return x === y ? 0 : x === null ? 1 : y === null ? -1 : state.down ? y - x : x - y;
        const order = stateName(words[x]).localeCompare(stateName(words[y]));
        return state.down ? -order : order;
    }
    function line(row) {
        const reason = word(row, C.reason),
            text = (column) => word(row, column) || "–";
        const show = {
            [C.id]: () => String(row[C.id]),
            [C.stage]: () => stageName(word(row, C.stage)),
            [C.point]: () => text(C.point),
            [C.template]: () => text(C.template),
            [C.reason]: () => el("span", { class: "badge " + (reason ? "rejected" : "kept") }, reason || "kept"),
            [C.tokens]: () => count(row[C.tokens]),
            [C.minK]: () => fixed(row[C.minK], 3),
            [C.similarity]: () => fixed(row[C.similarity], 3),
        };
        const facts = [
            known(row[C.temperature]) ? `temperature ${row[C.temperature]}` : null,
            row[C.seed] === "0" ? null : `seed ${row[C.seed]}`,
            row[C.sameAs] ? `the same text as sample ${row[C.sameAs]}` : null,
        ].filter((f) => f);
        return el(
            "tr",
            {},
            heads.map(([name, column]) => {
                if (column === null)
                    return el(
                        "td",
                        { "data-label": "Text", class: "textcell" },
                        textCell(row[C.text], 240),
                        el("p", { class: "facts" }, facts.join(" · ")),
                    );
                const value = show[column](),
                    kind = isNumber(column) ? "number" : column === C.point ? "point" : "word";
                return el(
                    column === C.id ? "th" : "td",
                    {
                        "data-label": name,
                        scope: column === C.id ? "row" : null,
                        class: value === "–" ? kind + " empty" : kind,
                    },
                    value,
                );
            }),
        );
    }
    function show() {
        const found = rows.filter(keep).sort(compare),
            pages = Math.max(1, Math.ceil(found.length / state.size));
        state.page = Math.min(state.page, pages - 1);
        body.replaceChildren(...found.slice(state.page * state.size, (state.page + 1) * state.size).map(line));
        said.textContent = found.length === 0 ? "No sample matches." : `${plural(found.length, "sample")} found.`;
        where.textContent = `Page ${state.page + 1} of ${pages}`;
        back.disabled = state.page === 0;
        on.disabled = state.page + 1 >= pages;
    }
    const back = el(
        "button",
        {
            type: "button",
            onclick: () => {
                state.page--;
                show();
            },
        },
        "Back",
    );
    const on = el(
        "button",
        {
            type: "button",
            onclick: () => {
                state.page++;
                show();
            },
        },
        "Next",
    );
    const cells = heads.map(([name, column]) => {
        const cell = el("th", { scope: "col", class: isNumber(column) ? "number" : null });
        if (column === null) cell.append(name);
        else
            cell.append(
                el(
                    "button",
                    {
                        type: "button",
                        class: "sort",
                        onclick: () => {
                            state.down = state.order === column && !state.down;
                            state.order = column;
                            cells.forEach((other) => other.removeAttribute("aria-sort"));
                            cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
                            show();
                        },
                    },
                    name,
                ),
            );
        return cell;
    });
    cells[0].setAttribute("aria-sort", "ascending");
    place.append(
        said,
        el(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": "Samples" },
            el("table", { class: "samples" }, el("thead", {}, el("tr", {}, cells)), body),
        ),
        el("p", { class: "pager" }, back, where, on),
    );
    show();
}
