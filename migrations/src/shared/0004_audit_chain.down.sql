{sqlite: DROP TRIGGER audit_no_update}
{sqlite: DROP TRIGGER audit_no_delete}
{postgres: DROP TRIGGER audit_stays ON audit}
{postgres: DROP FUNCTION audit_stays()}
DROP TABLE audit_heads;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN link;
