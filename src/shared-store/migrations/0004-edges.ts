// Append-only: never edit a migration that was released; write the next one.

/** What stays of events that are past their retention: enough to go on computing the tree of their log. `nodes` are the
 * complete subtrees (RFC 6962) of the first `size - 1` events, from left to right; `body` is event `size - 1`, whose leaf makes
 * the edge of `size` events of them, so that nobody can put another event in its place; `vkey` is the key in force after it.
 * There is one per month, and one for each event that names a key: with the checkpoints that two keys have signed they lead
 * from the first key to the last. `detach_before` makes them, and takes nothing away that does not hold together, nor what no
 * checkpoint covers yet. An edge has no foreign key: that would lock the row of its log, and keep its broker waiting until
 * everything is done. */
export const edges = `
CREATE TABLE jit.edges (
  origin text NOT NULL,
  size bigint NOT NULL CHECK (size > 0),
  nodes bytea[] NOT NULL CHECK (cardinality(nodes) = bit_count((size - 1)::bit(64))),
  vkey text,
  body bytea NOT NULL,
  retired timestamptz NOT NULL,
  PRIMARY KEY (origin, size)
);
GRANT SELECT ON jit.edges TO jit_auditor;

CREATE FUNCTION jit.grow_edge(p_size bigint, p_nodes bytea[], p_leaves bytea[]) RETURNS bytea[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  -- Of the level that is looked at: its new nodes, and the number of the first of them.
  v_new bytea[] := p_leaves;
  v_first bigint := p_size;
  -- The old edge of this level and higher, and the new edge below it.
  v_old bytea[] := p_nodes;
  v_done bytea[] := '{}';
BEGIN
  WHILE cardinality(v_new) > 0 LOOP
    IF v_first % 2 = 1 THEN
      v_new := array_prepend(v_old[cardinality(v_old)], v_new);
      v_old := v_old[:cardinality(v_old) - 1];
    END IF;
    IF cardinality(v_new) % 2 = 1 THEN
      v_done := array_prepend(v_new[cardinality(v_new)], v_done);
      v_new := v_new[:cardinality(v_new) - 1];
    END IF;
    SELECT coalesce(array_agg(sha256('\\x01'::bytea || node || next) ORDER BY place), '{}') INTO v_new
    FROM (
      SELECT node, place, lead(node) OVER (ORDER BY place) AS next
      FROM unnest(v_new) WITH ORDINALITY AS n (node, place)
    ) AS pairs
    WHERE place % 2 = 1;
    v_first := v_first / 2;
  END LOOP;
  RETURN v_old || v_done;
END $body$;

CREATE FUNCTION jit.keep_edges(p_month text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_log record;
  v_before jit.edges;
  v_edge jit.edges;
  v_end bigint;
  v_leaves bytea[];
  v_wrong bigint;
  v_next bytea;
  -- Where an edge is kept, and the key that is named there.
  v_cuts bigint[];
  v_keys text[];
BEGIN
  FOR v_log IN EXECUTE format(
    'SELECT origin, min(seq) AS first, max(seq) + 1 AS size FROM jit.%I GROUP BY origin ORDER BY origin', p_month)
  LOOP
    SELECT least(v_log.size, coalesce(checkpoint_size, 0)) INTO v_end FROM jit.logs WHERE origin = v_log.origin;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'jit.% has events of "%", and there is no such log', p_month, v_log.origin;
    END IF;
    CONTINUE WHEN v_end <= v_log.first;
    SELECT * INTO v_before FROM jit.edges WHERE origin = v_log.origin AND size = v_log.first;
    IF NOT FOUND AND v_log.first > 0 THEN
      RAISE EXCEPTION 'the events of "%" in jit.% begin at %, and no edge of those before was kept',
        v_log.origin, p_month, v_log.first
        USING HINT = 'Events before them are missing, or in a table that was detached: attach it again first.';
    END IF;

    BEGIN
      EXECUTE format($query$
        WITH linked AS (
          SELECT seq, leaf, prev, body, lag(leaf, 1, $3) OVER w AS leaf_before, lag(seq, 1, $2 - 1) OVER w AS seq_before
          FROM jit.%I WHERE origin = $1 AND seq < $4 WINDOW w AS (ORDER BY seq)
        )
        SELECT array_agg(leaf ORDER BY linked.seq),
          min(linked.seq) FILTER (WHERE (linked.seq = seq_before + 1 AND linked.prev = leaf_before
            AND leaf = sha256('\\x00'::bytea || body) AND said.origin = $1 AND said.seq = linked.seq::text
            AND said.prev = encode(linked.prev, 'hex')) IS NOT TRUE),
          coalesce(array_agg(linked.seq + 1 ORDER BY linked.seq) FILTER (WHERE said.type IN ('log.open', 'key.rotate')), '{}'),
          coalesce(array_agg(said.data ->> 'vkey' ORDER BY linked.seq)
            FILTER (WHERE said.type IN ('log.open', 'key.rotate')), '{}')
        FROM linked, json_to_record(jit.said(body)) AS said (origin text, seq text, prev text, type text, data json)
      $query$, p_month) INTO v_leaves, v_wrong, v_cuts, v_keys
      USING v_log.origin, v_log.first, coalesce(sha256('\\x00'::bytea || v_before.body), decode(repeat('00', 32), 'hex')),
        v_end;
    EXCEPTION WHEN data_exception OR statement_too_complex THEN
      RAISE EXCEPTION 'an event of "%" in jit.% is not JSON in UTF-8', v_log.origin, p_month;
    END;
    IF v_wrong IS NOT NULL THEN
      RAISE EXCEPTION 'event % of "%" in jit.% does not go on from the one before, or is not the one that was stored',
        v_wrong, v_log.origin, p_month USING HINT = 'jit audit verify --store';
    END IF;
    -- In one statement: brokers go on appending.
    SELECT CASE WHEN l.size = v_end THEN l.head ELSE e.prev END INTO v_next
    FROM jit.logs l LEFT JOIN jit.events e ON e.origin = l.origin AND e.seq = v_end WHERE l.origin = v_log.origin;
    IF v_next IS DISTINCT FROM v_leaves[cardinality(v_leaves)] THEN
      RAISE EXCEPTION 'the events of "%" in jit.% do not lead to event %, which comes after them',
        v_log.origin, p_month, v_end USING HINT = 'jit audit verify --store';
    END IF;

    IF v_cuts[cardinality(v_cuts)] IS DISTINCT FROM v_end THEN
      v_cuts := array_append(v_cuts, v_end);
      v_keys := array_append(v_keys, NULL);
    END IF;
    FOR v_at IN 1..cardinality(v_cuts) LOOP
      v_edge := NULL;
      v_edge.origin := v_log.origin;
      v_edge.size := v_cuts[v_at];
      v_edge.vkey := coalesce(v_keys[v_at], v_before.vkey);
      v_edge.retired := clock_timestamp();
      EXECUTE format('SELECT body FROM jit.%I WHERE origin = $1 AND seq = $2', p_month) INTO v_edge.body
        USING v_log.origin, v_edge.size - 1;
      IF v_before.size IS NULL THEN
        v_edge.nodes := jit.grow_edge(0, '{}', v_leaves[:v_edge.size - 1]);
      ELSE
        v_edge.nodes := jit.grow_edge(v_before.size - 1, v_before.nodes, array_prepend(
          sha256('\\x00'::bytea || v_before.body),
          v_leaves[v_before.size - v_log.first + 1:v_edge.size - v_log.first - 1]));
      END IF;
      INSERT INTO jit.edges SELECT v_edge.* ON CONFLICT (origin, size) DO NOTHING;
      -- From the same month, detached and attached before.
      IF NOT EXISTS (SELECT FROM jit.edges e WHERE e.origin = v_edge.origin AND e.size = v_edge.size
        AND (e.nodes, e.vkey, e.body) IS NOT DISTINCT FROM (v_edge.nodes, v_edge.vkey, v_edge.body)) THEN
        RAISE EXCEPTION 'another edge of "%" at % was kept before', v_edge.origin, v_edge.size;
      END IF;
      v_before := v_edge;
    END LOOP;
  END LOOP;
END $body$;

-- Nobody else appends or reads from here to the end of the transaction. Whoever appends has the row of its log first, so the
-- logs come first here too. All who come later queue up behind a lock that is waited for: while somebody reads for long, it
-- is asked for half a second at a time, less than others take for a deadlock, and let go in between; for as long as the
-- session's own lock_timeout says, else for a minute.
CREATE FUNCTION jit.lock_events(p_months text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_patience text := current_setting('lock_timeout');
  v_until timestamptz := clock_timestamp() + CASE v_patience WHEN '0' THEN interval '1 minute' ELSE v_patience::interval END;
  v_name text;
  v_who text;
BEGIN
  LOOP
    BEGIN
      SET LOCAL lock_timeout = '500ms';
      LOCK TABLE jit.logs IN EXCLUSIVE MODE;
      LOCK TABLE ONLY jit.events IN ACCESS EXCLUSIVE MODE;
      FOREACH v_name IN ARRAY array_prepend('events_other', p_months) LOOP
        EXECUTE format('LOCK TABLE jit.%I IN ACCESS EXCLUSIVE MODE', v_name);
      END LOOP;
      PERFORM set_config('lock_timeout', v_patience, true);
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF clock_timestamp() > v_until THEN
        SELECT string_agg(DISTINCT format('pid %s, login "%s", %s', a.pid, a.usename, a.application_name), '; ') INTO v_who
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.granted AND a.pid <> pg_backend_pid()
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
          AND (l.relation = 'jit.logs'::regclass AND l.mode <> 'AccessShareLock' OR l.relation = 'jit.events'::regclass
            OR l.relation IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'jit.events'::regclass));
        RAISE EXCEPTION 'the events are being read or written by other sessions (%)', coalesce(v_who, 'which have just ended')
          USING ERRCODE = 'lock_not_available', HINT = 'Try again once they have ended.';
      END IF;
    END;
    PERFORM pg_sleep(1);
  END LOOP;
END $body$;

CREATE OR REPLACE FUNCTION jit.detach_before(p_end timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_months text[];
  v_name text;
BEGIN
  PERFORM jit.make_partitions(0);
  v_months := ARRAY(SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'jit.events'::regclass AND c.relname ~ '^events_[0-9]{4}_[0-9]{2}$'
      AND (to_date(substr(c.relname, 8), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= p_end
    ORDER BY c.relname);
  -- Nobody appends to a month once its edges are made; to one that goes on, nobody from here on.
  IF EXISTS (SELECT FROM unnest(v_months) AS m (name)
    WHERE (to_date(substr(name, 8), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' > now() - interval '1 hour') THEN
    PERFORM jit.lock_events(v_months);
  END IF;
  FOREACH v_name IN ARRAY v_months LOOP
    EXECUTE format('LOCK TABLE jit.%I IN SHARE ROW EXCLUSIVE MODE', v_name);
    PERFORM jit.keep_edges(v_name);
  END LOOP;
  -- Only now: from here on, everybody else waits.
  IF cardinality(v_months) > 0 THEN
    PERFORM jit.lock_events(v_months);
  END IF;
  FOREACH v_name IN ARRAY v_months LOOP
    EXECUTE format('ALTER TABLE jit.events DETACH PARTITION jit.%I', v_name);
    -- What no checkpoint covers stays where it can be verified with the next one.
    EXECUTE format('WITH ends AS (
        SELECT l.origin, coalesce(max(e.size), 0) AS size FROM jit.logs l LEFT JOIN jit.edges e USING (origin) GROUP BY l.origin
      ), kept AS (
        DELETE FROM jit.%I m USING ends WHERE m.origin = ends.origin AND m.seq >= ends.size RETURNING m.*
      )
      INSERT INTO jit.events SELECT * FROM kept', v_name);
    RETURN NEXT v_name;
  END LOOP;
END $body$;

CREATE OR REPLACE FUNCTION jit.make_partitions(p_ahead int DEFAULT 12) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_from timestamptz;
  v_name text;
BEGIN
  -- Whoever makes months or takes them out does so alone.
  LOCK TABLE jit.edges IN SHARE UPDATE EXCLUSIVE MODE;
  -- Also months that have passed without a place of their own.
  FOREACH v_from IN ARRAY ARRAY(
    SELECT month AT TIME ZONE 'UTC' FROM (
      SELECT generate_series(
        date_trunc('month', now() AT TIME ZONE 'UTC'),
        date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => p_ahead),
        interval '1 month') AS month
      UNION SELECT date_trunc('month', received AT TIME ZONE 'UTC') FROM jit.events_other
    ) AS months ORDER BY month)
  LOOP
    v_name := 'events_' || to_char(v_from AT TIME ZONE 'UTC', 'YYYY_MM');
    CONTINUE WHEN to_regclass('jit.' || v_name) IS NOT NULL;
    EXECUTE format('CREATE TABLE jit.%I (LIKE jit.events INCLUDING ALL)', v_name);
    -- Nobody appends between the move and the moment when the month has its own place.
    PERFORM jit.lock_events('{}');
    EXECUTE format('WITH late AS (DELETE FROM jit.events_other WHERE received >= $1 AND received < $2 RETURNING *)
      INSERT INTO jit.%I SELECT * FROM late', v_name)
      USING v_from, (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    EXECUTE format('ALTER TABLE jit.events ATTACH PARTITION jit.%I FOR VALUES FROM (%L) TO (%L)', v_name,
      v_from, (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    RETURN NEXT v_name;
  END LOOP;
END $body$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jit FROM PUBLIC;
`;
