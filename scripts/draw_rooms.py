"""The rooms of src/ as a picture: docs/pictures/rooms.svg, drawn from the table that tools/check_layers.sh enforces.

    tools/check_layers.sh --table | draw_rooms.py >docs/pictures/rooms.svg

A room stands one floor above the highest room that it may include. Called by `scripts/pictures rooms`; tests/cli/docs.bats compares the result
with the committed file.
"""
import sys
from xml.sax.saxutils import escape

# What is in a room, in two lines of at most 28 characters. A room that is missing here ends the script, so that none is forgotten.
WHAT = {
    "base": ("errors, buffers, files, options,", "JSON, hashes, random numbers"),
    "request": ("what the user wants, checked;", "profiles, prompt templates"),
    "engine": ("text, probabilities, vectors", "out of a model or a server"),
    "quality": ("maths on arrays: t-SNE,", "diversity, bootstrap"),
    "graph": ("a network that can be trained:", "forward, backward, saving"),
    "synth": ("the method: plan, filters,", "stop rule, knowledge check"),
    "unlearn": ("methods, losses, trainer,", "checkpoints"),
    "store": ("a run in SQLite", ""),
    "sets": ("a SET, whatever it is: run,", "export, folder or file"),
    "export": ("files for other projects", ""),
    "report": ("tables, pages, pictures", "for people"),
    "measure": ("what quality and report", "measure of sets"),
    "eval": ("metrics, and the tasks that", "drive a model through them"),
    "lab": ("the controlled experiment", "and its invented world"),
    "run": ("the life of a run: session,", "start, resume, --then, report"),
    "cmd": ("the commands: options,", "wiring, terminal"),
    "main": ("main.c: starts a command", ""),
}
NARROW, WIDE, HEIGHT, GAP, FLOOR_GAP, MARGIN = 210, 380, 86, 14, 26, 16


def read_table(lines):
    """{room: rooms that it may include}, in the table's order."""
    rooms = {}
    for line in lines:
        if ":" in line:
            room, rest = line.split(":", 1)
            rooms[room.strip()] = rest.split("|")[0].split()
    return rooms


def floors_of(rooms):
    """[[room, ...], ...] from the bottom up. base is below all others, although their lines do not name it."""
    floor = {"base": 0}

    def height(room):
        if room not in floor:
            floor[room] = 1 + max([0] + [height(below) for below in rooms[room]])
        return floor[room]

    top = max(height(room) for room in rooms)
    return [[room for room in rooms if floor[room] == f] for f in range(top + 1)]


def wrap(words, width):
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def width_of(may):
    return WIDE if len(may) > 6 else NARROW


def box(room, may, x, y):
    lines = [f'<rect x="{x}" y="{y}" width="{width_of(may)}" height="{HEIGHT}" rx="6" fill="#f4f7fb" stroke="#4a6785"/>',
             f'<text x="{x + 10}" y="{y + 20}" font-size="15" font-weight="700" fill="#12324f">{escape(room)}</text>']
    for i, text in enumerate(WHAT[room]):
        lines.append(f'<text x="{x + 10}" y="{y + 36 + 14 * i}" font-size="11.5" fill="#222">{escape(text)}</text>')
    for i, text in enumerate(wrap(may, width_of(may) // 6 - 2)):
        arrow = "" if i or not may else "\u2192 "
        lines.append(f'<text x="{x + 10 + (0 if i == 0 else 13)}" y="{y + 66 + 13 * i}" font-size="10.5" fill="#8a3b12">{arrow}{escape(text)}</text>')
    return lines


def draw(rooms):
    missing = [room for room in rooms if room not in WHAT]
    if missing:
        sys.exit(f"error: say in WHAT of scripts/draw_rooms.py what is in {', '.join(missing)}")
    floors = floors_of(rooms)
    row_width = [sum(width_of(rooms[room]) for room in row) + (len(row) - 1) * GAP for row in floors]
    width = 2 * MARGIN + max(row_width)
    height = 2 * MARGIN + 22 + len(floors) * HEIGHT + (len(floors) - 1) * FLOOR_GAP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
           ' font-family="Verdana, DejaVu Sans, sans-serif" role="img" aria-label="The rooms of src/, floor by floor">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for i, row in enumerate(reversed(floors)):
        y = MARGIN + i * (HEIGHT + FLOOR_GAP)
        x = (width - row_width[len(floors) - 1 - i]) // 2
        if i:
            out.append(f'<line x1="{MARGIN}" y1="{y - FLOOR_GAP // 2}" x2="{width - MARGIN}" y2="{y - FLOOR_GAP // 2}" stroke="#d5dde6"/>')
        for room in row:
            out += box(room, rooms[room], x, y)
            x += width_of(rooms[room]) + GAP
    out.append(f'<text x="{MARGIN}" y="{height - MARGIN}" font-size="11.5" fill="#555">'
               '\u2192 the rooms that it may include, besides base. A room includes only rooms on lower floors.</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(draw(read_table(sys.stdin)))
