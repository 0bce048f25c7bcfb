{sqlite: DROP TRIGGER loyalty_history_forgotten}
{postgres: DROP TRIGGER loyalty_history_forgotten ON loyalty_history}
{postgres: DROP FUNCTION loyalty_history_forgotten()}
