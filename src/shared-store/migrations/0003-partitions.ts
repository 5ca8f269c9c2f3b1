// Append-only: never edit a migration that was released; write the next one.

/** Months ahead, and months that are past their retention. For whoever is jit_owner: an administrator, or a scheduled job. */
export const partitions = `
CREATE FUNCTION jit.make_partitions(p_ahead int DEFAULT 12) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_from timestamptz;
  v_name text;
BEGIN
  FOR v_from IN SELECT generate_series(
    date_trunc('month', now() AT TIME ZONE 'UTC'),
    date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => p_ahead),
    interval '1 month') AT TIME ZONE 'UTC'
  LOOP
    v_name := 'events_' || to_char(v_from AT TIME ZONE 'UTC', 'YYYY_MM');
    CONTINUE WHEN to_regclass('jit.' || v_name) IS NOT NULL;
    EXECUTE format('CREATE TABLE jit.%I (LIKE jit.events INCLUDING ALL)', v_name);
    -- Nobody appends between the move and the moment when the month has its own place.
    LOCK TABLE jit.events IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('WITH late AS (DELETE FROM jit.events_other WHERE received >= $1 AND received < $2 RETURNING *)
      INSERT INTO jit.%I SELECT * FROM late', v_name)
      USING v_from, (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    EXECUTE format('ALTER TABLE jit.events ATTACH PARTITION jit.%I FOR VALUES FROM (%L) TO (%L)', v_name,
      v_from, (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    RETURN NEXT v_name;
  END LOOP;
END $body$;

CREATE FUNCTION jit.detach_before(p_end timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  v_name text;
BEGIN
  FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'jit.events'::regclass AND c.relname ~ '^events_[0-9]{4}_[0-9]{2}$'
      AND (to_date(substr(c.relname, 8), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= p_end
    ORDER BY c.relname
  LOOP
    EXECUTE format('ALTER TABLE jit.events DETACH PARTITION jit.%I', v_name);
    RETURN NEXT v_name;
  END LOOP;
END $body$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jit FROM PUBLIC;
SELECT jit.make_partitions();
`;
