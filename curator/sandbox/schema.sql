-- What the sandbox keeps. Every statement may be repeated. Times that end in _ms are milliseconds since 1970.

CREATE TABLE IF NOT EXISTS datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    metadata TEXT,
    input_schema TEXT,
    expected_output_schema TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS datasets_newest ON datasets (created_at DESC, id);

CREATE TABLE IF NOT EXISTS item_versions (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    dataset_id TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    input TEXT,
    expected_output TEXT,
    metadata TEXT,
    source_trace_id TEXT,
    source_observation_id TEXT,
    is_deleted INTEGER NOT NULL DEFAULT 0,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    UNIQUE (id, valid_from)
);
CREATE INDEX IF NOT EXISTS item_versions_current ON item_versions (id) WHERE valid_to IS NULL;
CREATE INDEX IF NOT EXISTS item_versions_list ON item_versions (dataset_id, valid_from DESC, id);
CREATE INDEX IF NOT EXISTS item_versions_newest ON item_versions (valid_from DESC, id) WHERE valid_to IS NULL;
CREATE INDEX IF NOT EXISTS item_versions_trace ON item_versions (source_trace_id);
CREATE INDEX IF NOT EXISTS item_versions_observation ON item_versions (source_observation_id);

CREATE TABLE IF NOT EXISTS observations (
    trace_id TEXT NOT NULL DEFAULT '',
    id TEXT NOT NULL DEFAULT '',
    trace_hash INTEGER NOT NULL DEFAULT 0,
    start_ms INTEGER NOT NULL DEFAULT 0,
    end_ms INTEGER,
    parent_id TEXT NOT NULL DEFAULT '',
    is_app_root INTEGER NOT NULL DEFAULT 0,
    is_root INTEGER GENERATED ALWAYS AS (parent_id = '' OR is_app_root) STORED,
    type TEXT NOT NULL DEFAULT 'SPAN',
    name TEXT NOT NULL DEFAULT '',
    level TEXT NOT NULL DEFAULT 'DEFAULT',
    status_message TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    environment TEXT NOT NULL DEFAULT 'default',
    bookmarked INTEGER NOT NULL DEFAULT 0,
    public INTEGER NOT NULL DEFAULT 0,
    user_id TEXT NOT NULL DEFAULT '',
    session_id TEXT NOT NULL DEFAULT '',
    completion_start_ms INTEGER,
    created_ms INTEGER NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL DEFAULT 0,
    visible_ms INTEGER NOT NULL DEFAULT 0,
    trace_name TEXT NOT NULL DEFAULT '',
    release TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    model TEXT NOT NULL DEFAULT '',
    model_id TEXT NOT NULL DEFAULT '',
    input_price TEXT,
    output_price TEXT,
    total_price TEXT,
    model_parameters TEXT NOT NULL DEFAULT '',
    usage_details TEXT NOT NULL DEFAULT '{}',
    cost_details TEXT NOT NULL DEFAULT '{}',
    pricing_tier_id TEXT,
    pricing_tier_name TEXT,
    prompt_id TEXT NOT NULL DEFAULT '',
    prompt_name TEXT NOT NULL DEFAULT '',
    prompt_version INTEGER,
    experiment_id TEXT NOT NULL DEFAULT '',
    experiment_name TEXT NOT NULL DEFAULT '',
    experiment_description TEXT NOT NULL DEFAULT '',
    experiment_dataset_id TEXT NOT NULL DEFAULT '',
    experiment_metadata TEXT NOT NULL DEFAULT '{}',
    experiment_item_id TEXT NOT NULL DEFAULT '',
    experiment_item_root_id TEXT NOT NULL DEFAULT '',
    experiment_item_version TEXT,
    experiment_item_expected_output TEXT NOT NULL DEFAULT '',
    experiment_item_metadata TEXT NOT NULL DEFAULT '{}',
    metadata TEXT NOT NULL DEFAULT '{}',
    input TEXT NOT NULL DEFAULT '',
    output TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (trace_id, id)
);
CREATE INDEX IF NOT EXISTS observations_time ON observations (start_ms DESC, trace_hash DESC, id DESC);
CREATE INDEX IF NOT EXISTS observations_roots ON observations (start_ms DESC, trace_hash DESC, id DESC) WHERE is_root;
CREATE INDEX IF NOT EXISTS observations_level ON observations (level, start_ms DESC) WHERE level <> 'DEFAULT';
CREATE INDEX IF NOT EXISTS observations_id ON observations (id);
CREATE INDEX IF NOT EXISTS observations_session ON observations (session_id, start_ms DESC) WHERE session_id <> '';
CREATE INDEX IF NOT EXISTS observations_user ON observations (user_id, start_ms DESC) WHERE user_id <> '';
CREATE INDEX IF NOT EXISTS observations_experiment ON observations (experiment_id) WHERE experiment_id <> '';

CREATE TABLE IF NOT EXISTS scores (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0,
    visible_ms INTEGER NOT NULL DEFAULT 0,
    timestamp_ms INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    data_type TEXT NOT NULL DEFAULT 'NUMERIC',
    value REAL NOT NULL DEFAULT 0.0,
    string_value TEXT,
    source TEXT NOT NULL DEFAULT 'API',
    environment TEXT NOT NULL DEFAULT 'default',
    trace_id TEXT,
    observation_id TEXT,
    session_id TEXT,
    experiment_id TEXT,
    config_id TEXT,
    queue_id TEXT,
    author_user_id TEXT,
    comment TEXT,
    metadata TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS scores_id ON scores (id, seq);
CREATE INDEX IF NOT EXISTS scores_time ON scores (timestamp_ms DESC, id DESC);
CREATE INDEX IF NOT EXISTS scores_name ON scores (name, timestamp_ms DESC, id DESC);
CREATE INDEX IF NOT EXISTS scores_source ON scores (source, timestamp_ms DESC, id DESC);
CREATE INDEX IF NOT EXISTS scores_type ON scores (data_type, timestamp_ms DESC, id DESC);
CREATE INDEX IF NOT EXISTS scores_trace ON scores (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS scores_session ON scores (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS scores_experiment ON scores (experiment_id) WHERE experiment_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS score_configs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    data_type TEXT NOT NULL,
    is_archived INTEGER NOT NULL,
    description TEXT,
    min_value REAL,
    max_value REAL,
    categories TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS annotation_queues (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    score_config_ids TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS annotation_queue_items (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue_id TEXT NOT NULL REFERENCES annotation_queues (id),
    object_id TEXT NOT NULL,
    object_type TEXT NOT NULL,
    status TEXT NOT NULL,
    completed_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS annotation_queue_items_queue
    ON annotation_queue_items (queue_id, status, created_ms DESC, seq DESC);

CREATE TABLE IF NOT EXISTS comments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    content TEXT NOT NULL,
    author_user_id TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS comments_object ON comments (object_type, object_id);
