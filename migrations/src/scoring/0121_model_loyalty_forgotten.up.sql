-- Whose classes are forgotten is forgotten model by model too: a binary of the release before, which knows nothing of these, erases people
-- as well while a newer one is rolled out.
{sqlite: CREATE TRIGGER loyalty_history_forgotten AFTER DELETE ON loyalty_history BEGIN DELETE FROM model_loyalty_history WHERE customer_id = OLD.customer_id; END}
{postgres: CREATE FUNCTION loyalty_history_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM model_loyalty_history WHERE customer_id = OLD.customer_id; RETURN NULL; END $$}
{postgres: CREATE TRIGGER loyalty_history_forgotten AFTER DELETE ON loyalty_history FOR EACH ROW EXECUTE FUNCTION loyalty_history_forgotten()}
