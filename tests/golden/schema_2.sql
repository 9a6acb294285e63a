PRAGMA application_id = 1111904839;
CREATE TABLE stage (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE reason (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE stop (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    json TEXT NOT NULL
, name TEXT NOT NULL DEFAULT '', role TEXT NOT NULL DEFAULT 'forget' CHECK (role IN ('forget', 'retain'))) STRICT;
CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    request INTEGER NOT NULL REFERENCES request (id),
    templates_json TEXT NOT NULL,
    templates_sha256 TEXT NOT NULL,
    model_path TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    model_desc TEXT NOT NULL,
    embedder_path TEXT NOT NULL,
    embedder_sha256 TEXT NOT NULL,
    engine_json TEXT NOT NULL,
    program_version TEXT NOT NULL
, kind TEXT NOT NULL DEFAULT 'domain') STRICT;
CREATE TABLE template (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    name TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL,
    stage TEXT NOT NULL REFERENCES stage (word),
    text TEXT NOT NULL,
    is_qa INTEGER NOT NULL CHECK (is_qa IN (0, 1))
) STRICT;
CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    value REAL,
    n INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    low REAL,
    high REAL,
    UNIQUE (name, seed)
) STRICT;
CREATE TABLE state (
    request INTEGER PRIMARY KEY REFERENCES request (id),
    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),
    stop TEXT NOT NULL REFERENCES stop (word),
    generated_tokens INTEGER NOT NULL CHECK (generated_tokens >= 0),
    generate_seconds REAL,
    wall_seconds REAL,
    knowledge TEXT NOT NULL,
    n_domain INTEGER NOT NULL,
    n_control INTEGER NOT NULL,
    min_k_domain REAL,
    min_k_control REAL,
    min_k_effect REAL,
    similarity_domain REAL,
    similarity_control REAL,
    agreement_domain REAL,
    agreement_control REAL
) STRICT;
CREATE TABLE original (
    request INTEGER NOT NULL REFERENCES request (id),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    question TEXT,
    answer TEXT,
    hash INTEGER NOT NULL,
    PRIMARY KEY (request, idx),
    UNIQUE (request, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE guard (
    request INTEGER NOT NULL REFERENCES request (id),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    name TEXT NOT NULL,
    centroid INTEGER NOT NULL CHECK (centroid IN (0, 1)),
    reason TEXT NOT NULL REFERENCES reason (word),
    n_embd INTEGER NOT NULL CHECK (n_embd > 0),
    data BLOB NOT NULL CHECK (length(data) = 2 * n_embd),
    PRIMARY KEY (request, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    request INTEGER NOT NULL REFERENCES request (id),
    number INTEGER NOT NULL CHECK (number >= 0),
    text BLOB NOT NULL,
    n_tokens INTEGER NOT NULL CHECK (n_tokens >= 0),
    finish TEXT NOT NULL CHECK (finish IN ('stop', 'length')),
    min_k_prob REAL,
    min_k_prob_model REAL,
    mean_logp REAL,
    PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE sample (
    id INTEGER PRIMARY KEY CHECK (id >= 1),
    request INTEGER NOT NULL REFERENCES request (id),
    stage TEXT NOT NULL REFERENCES stage (word),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    state TEXT NOT NULL CHECK (state IN ('kept', 'rejected')),
    reason TEXT REFERENCES reason (word),
    text TEXT NOT NULL,
    raw TEXT,
    question TEXT,
    answer TEXT,
    point INTEGER,
    template INTEGER REFERENCES template (idx),
    original INTEGER,
    temperature REAL,
    seed INTEGER NOT NULL,
    n_tokens INTEGER NOT NULL CHECK (n_tokens >= 0),
    finish TEXT NOT NULL CHECK (finish IN ('stop', 'length')),
    min_k_prob REAL,
    min_k_prob_model REAL,
    mean_logp REAL,
    diversity REAL,
    domain_similarity REAL,
    edit_distance REAL,
    text_hash INTEGER,
    same_as INTEGER REFERENCES sample (id),
    UNIQUE (request, stage, idx),
    FOREIGN KEY (request, point) REFERENCES point (request, idx),
    FOREIGN KEY (request, original) REFERENCES original (request, idx),
    CHECK ((state = 'kept') = (reason IS NULL))
) STRICT;
CREATE TABLE point (
    request INTEGER NOT NULL REFERENCES request (id),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    round INTEGER NOT NULL CHECK (round >= 0),
    text TEXT NOT NULL,
    sample INTEGER NOT NULL REFERENCES sample (id),
    PRIMARY KEY (request, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE embedding (
    sample INTEGER PRIMARY KEY REFERENCES sample (id),
    n_embd INTEGER NOT NULL CHECK (n_embd > 0),
    data BLOB NOT NULL CHECK (length(data) = 2 * n_embd)
) STRICT;
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY,
    sample INTEGER NOT NULL UNIQUE REFERENCES sample (id),
    n_kept INTEGER NOT NULL CHECK (n_kept >= 0),
    diversity REAL,
    gain REAL,
    stop INTEGER NOT NULL CHECK (stop IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX request_by_name ON request (name);
CREATE INDEX sample_by_request ON sample (request);
CREATE INDEX sample_by_reason ON sample (request, stage, reason);
CREATE INDEX sample_by_point ON sample (request, point, state);
CREATE INDEX sample_by_original ON sample (request, original, state) WHERE original IS NOT NULL;
CREATE INDEX sample_by_hash ON sample (text_hash, request) WHERE text_hash IS NOT NULL;
CREATE INDEX point_by_sample ON point (sample);
PRAGMA user_version = 2;
