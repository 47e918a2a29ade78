-- The journal's tables. Each statement ends with a semicolon at the end of its line.
CREATE TABLE promotions (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    dataset TEXT NOT NULL,
    item_id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    state TEXT NOT NULL,          -- draft, intent, answered, done
    owner TEXT,                   -- the process that works on it; null when it gave up
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    item TEXT,                    -- scrubbed; gone when the promotion is done
    previous TEXT,                -- what stood there before the write
    answer TEXT,                  -- what the server answered
    receipt TEXT,
    decision TEXT,                -- the decision still to be shared; null when there is none
    entries TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX promotions_item ON promotions (item_id, updated_at);
CREATE INDEX promotions_dataset ON promotions (scope, dataset);
CREATE INDEX promotions_open ON promotions (scope, state) WHERE state <> 'done';
CREATE INDEX promotions_unshared ON promotions (scope) WHERE decision IS NOT NULL;
CREATE INDEX promotions_trace ON promotions (scope, trace_id);

CREATE TABLE drafts (
    scope TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    case_name TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    draft TEXT NOT NULL,
    PRIMARY KEY (scope, trace_id, rule, case_name)
);

CREATE TABLE decisions (
    scope TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    at TEXT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (scope, trace_id)
);

CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    batch TEXT NOT NULL,
    entry TEXT NOT NULL,          -- what was done, safe to publish
    restore TEXT NOT NULL,        -- what taking it back needs
    undoing TEXT,                 -- how it is being taken back; null before and after
    undone_by TEXT                -- the entry that took it back
);
CREATE INDEX ledger_scope ON ledger (scope, seq);
