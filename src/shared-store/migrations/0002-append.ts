// Append-only: never edit a migration that was released; write the next one.

/** All that a writer can do: register a log, ask where it stands, append to it. SQLSTATEs of its own, told in failure.ts:
 * JT403 the log is another login's, JT404 no such log, JT409 gap, JT410 rollback, JT411 fork, JT413 too long, JT422 malformed.
 * PostgreSQL's text has no U+0000 and events may: `said` reads it as U+0001, in a copy of the body that nobody keeps. */
export const append = `
CREATE FUNCTION jit.said(p_body bytea) RETURNS json LANGUAGE sql IMMUTABLE AS $body$
  SELECT replace(convert_from(p_body, 'UTF8'), '\\u0000', '\\u0001')::json
$body$;

CREATE FUNCTION jit.register(p_origin text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_device text := split_part(p_origin, '/', 1);
  v_owner name;
BEGIN
  IF p_origin IS NULL OR p_origin !~ '^jit[.][0-9a-z]{8,64}(/([2-9]|[1-9][0-9]{1,5}))?$' THEN
    RAISE EXCEPTION 'that is no name of a log' USING ERRCODE = 'JT422';
  END IF;
  -- Two logins at the same moment: the first one has it.
  INSERT INTO jit.devices (device, registered_by) VALUES (v_device, session_user) ON CONFLICT (device) DO NOTHING;
  SELECT registered_by INTO v_owner FROM jit.devices WHERE device = v_device;
  IF v_owner IS DISTINCT FROM session_user THEN
    RAISE EXCEPTION 'the logs of "%" were registered by another login', v_device USING ERRCODE = 'JT403';
  END IF;
  INSERT INTO jit.logs (origin, device, registered_by, registered, size, head, last_seen)
  VALUES (p_origin, v_device, session_user, clock_timestamp(), 0, decode(repeat('00', 32), 'hex'), clock_timestamp())
  ON CONFLICT (origin) DO NOTHING;
END $body$;

CREATE FUNCTION jit.head(p_origin text) RETURNS TABLE (size bigint, leaf bytea, checkpoint text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
  SELECT l.size, l.head, l.checkpoint FROM jit.logs l WHERE l.origin = p_origin AND l.registered_by = session_user
$body$;

CREATE FUNCTION jit.append(p_origin text, p_first bigint, p_bodies bytea[], p_note text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_log jit.logs;
  v_sent bigint := coalesce(cardinality(p_bodies), 0);
  v_known bigint;
  v_found bigint;
  v_size bigint;
  v_head bytea;
  v_received timestamptz;
  v_note text[];
  v_note_size bigint;
  v_kept bigint;
  v_opening json;
BEGIN
  SELECT * INTO v_log FROM jit.logs WHERE origin = p_origin FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no log "%"', p_origin USING ERRCODE = 'JT404';
  ELSIF v_log.registered_by <> session_user THEN
    RAISE EXCEPTION 'the log "%" was registered by another login', p_origin USING ERRCODE = 'JT403';
  ELSIF p_first IS NULL OR p_first < 0 THEN
    RAISE EXCEPTION 'the sequence number of the first event is missing' USING ERRCODE = 'JT422';
  ELSIF p_first > v_log.size THEN
    RAISE EXCEPTION 'the log "%" has % events here, and event % would leave a gap', p_origin, v_log.size, p_first
      USING ERRCODE = 'JT409', DETAIL = v_log.size;
  END IF;

  -- What is here already has to be the very same.
  v_known := least(v_sent, v_log.size - p_first);
  IF v_known > 0 THEN
    SELECT count(*) INTO v_found
    FROM unnest(p_bodies) WITH ORDINALITY AS s (body, place)
    JOIN jit.events e ON e.origin = p_origin AND e.seq = p_first + s.place - 1 AND e.leaf = sha256('\\x00'::bytea || s.body)
    WHERE s.place <= v_known;
    IF v_found <> v_known THEN
      RAISE EXCEPTION 'the log "%" has other events here than those sent between % and %',
        p_origin, p_first, p_first + v_known - 1 USING ERRCODE = 'JT411', DETAIL = v_log.size;
    END IF;
  END IF;

  v_size := v_log.size;
  v_head := v_log.head;
  v_received := greatest(clock_timestamp(), v_log.last_seen);
  IF v_sent > v_known THEN
    BEGIN
      -- No ORDER BY for lag(): the array is read in its order, and any other would show, as prev is compared.
      WITH hashed AS (
        SELECT p_first + place - 1 AS seq, body, sha256('\\x00'::bytea || body) AS leaf
        FROM unnest(p_bodies) WITH ORDINALITY AS s (body, place)
        WHERE place > v_known
      ), linked AS (
        SELECT seq, body, leaf, lag(leaf, 1, v_log.head) OVER () AS prev FROM hashed
      )
      INSERT INTO jit.events (origin, seq, leaf, prev, body, received)
      SELECT p_origin, linked.seq, leaf, linked.prev, body, v_received
      FROM linked, json_to_record(jit.said(body)) AS said (origin text, seq text, prev text)
      WHERE octet_length(body) <= 65535
        AND said.origin = p_origin AND said.seq = linked.seq::text AND said.prev = encode(linked.prev, 'hex');
      GET DIAGNOSTICS v_found = ROW_COUNT;
    EXCEPTION WHEN data_exception OR statement_too_complex THEN
      RAISE EXCEPTION 'an event from % on is not JSON in UTF-8', v_log.size USING ERRCODE = 'JT422';
    END;
    IF v_found <> v_sent - v_known THEN
      PERFORM jit.refuse(p_origin, v_log.size, v_log.head, p_bodies[v_known + 1:]);
    END IF;
    v_size := v_log.size + v_found;
    v_head := sha256('\\x00'::bytea || p_bodies[v_sent]);
  END IF;

  IF p_note IS NOT NULL THEN
    v_note := regexp_match(p_note, '^([^\\n]+)\\n(0|[1-9][0-9]{0,15})\\n([A-Za-z0-9+/]{43}=)\\n\\n.+\\n$');
    v_note_size := v_note[2];
    IF v_note IS NULL OR octet_length(p_note) > 100000 OR v_note[1] <> p_origin OR v_note_size > v_size THEN
      RAISE EXCEPTION 'the checkpoint is not one of "%" over events that are here', p_origin USING ERRCODE = 'JT422';
    ELSIF v_note_size < v_log.checkpoint_size THEN
      RAISE EXCEPTION 'the log "%" was set back: its checkpoint has % events, an earlier one had %',
        p_origin, v_note_size, v_log.checkpoint_size USING ERRCODE = 'JT410', DETAIL = v_log.size;
    ELSIF v_note_size = v_log.checkpoint_size AND split_part(v_log.checkpoint, chr(10), 3) <> v_note[3] THEN
      RAISE EXCEPTION 'the log "%" has two checkpoints over % events', p_origin, v_note_size
        USING ERRCODE = 'JT411', DETAIL = v_log.size;
    END IF;
    -- The newest is in jit.logs; of the others those stay that are 256 events or a day apart.
    SELECT c.size INTO v_kept FROM jit.checkpoints c WHERE c.origin = p_origin
      AND (c.size / 256 = v_note_size / 256 AND c.received > v_received - interval '1 day' OR c.size = v_note_size)
      ORDER BY c.size DESC LIMIT 1;
    -- Also those with two signatures: a key hands over to the next one.
    IF NOT FOUND OR v_kept < v_note_size AND p_note LIKE E'%\\n\\n%\\n%\\n' THEN
      INSERT INTO jit.checkpoints (origin, size, note, received) VALUES (p_origin, v_note_size, p_note, v_received);
    END IF;
  END IF;

  IF v_log.size = 0 AND v_size > 0 THEN
    v_opening := jit.said(p_bodies[1]) -> 'data';
  END IF;
  UPDATE jit.logs SET
    size = v_size, head = v_head, last_seen = v_received,
    checkpoint = coalesce(p_note, checkpoint), checkpoint_size = coalesce(v_note_size, checkpoint_size),
    vkey = CASE WHEN v_opening IS NULL THEN vkey ELSE v_opening ->> 'vkey' END,
    previous = CASE WHEN v_opening IS NULL THEN previous ELSE (v_opening -> 'previous')::jsonb END,
    fork_of = CASE WHEN v_opening IS NULL THEN fork_of ELSE v_opening #>> '{previous,origin}' END
  WHERE origin = p_origin;
  RETURN v_size;
END $body$;

CREATE FUNCTION jit.refuse(p_origin text, p_first bigint, p_head bytea, p_bodies bytea[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_prev bytea := p_head;
  v_seq bigint := p_first;
  v_body bytea;
  v_said json;
BEGIN
  FOREACH v_body IN ARRAY p_bodies LOOP
    v_said := jit.said(v_body);
    IF octet_length(v_body) > 65535 THEN
      RAISE EXCEPTION 'event % of "%" has % bytes, 65535 are the limit', v_seq, p_origin, octet_length(v_body)
        USING ERRCODE = 'JT413';
    ELSIF v_said ->> 'prev' IS DISTINCT FROM encode(v_prev, 'hex') AND v_seq = p_first THEN
      RAISE EXCEPTION 'event % of "%" does not go on from the event that is here', v_seq, p_origin
        USING ERRCODE = 'JT411', DETAIL = p_first;
    ELSIF v_said ->> 'prev' IS DISTINCT FROM encode(v_prev, 'hex')
      OR v_said ->> 'origin' IS DISTINCT FROM p_origin OR v_said ->> 'seq' IS DISTINCT FROM v_seq::text THEN
      EXIT;
    END IF;
    v_prev := sha256('\\x00'::bytea || v_body);
    v_seq := v_seq + 1;
  END LOOP;
  RAISE EXCEPTION 'event % of "%" says another origin, sequence or previous hash', v_seq, p_origin USING ERRCODE = 'JT422';
END $body$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION jit.said(bytea) TO jit_auditor;
GRANT USAGE ON SCHEMA jit TO jit_writer, jit_auditor;
GRANT EXECUTE ON FUNCTION jit.register(text), jit.head(text), jit.append(text, bigint, bytea[], text) TO jit_writer;
GRANT SELECT ON jit.logs, jit.events, jit.checkpoints TO jit_auditor;
`;
