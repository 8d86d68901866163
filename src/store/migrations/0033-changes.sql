-- What was changed on systems: deployments, flags, migrations, as their tools tell of them. `key`: the same change told twice is one.
CREATE TABLE change (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key         text NOT NULL UNIQUE,
  system      text NOT NULL,
  kind        text NOT NULL,
  title       text NOT NULL,
  at          timestamptz NOT NULL,
  by          text,
  link        text,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX change_newest ON change (system, at DESC);
CREATE INDEX change_oldest ON change (received_at);
