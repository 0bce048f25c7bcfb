{sqlite: DROP TRIGGER guarantee_terms_taken_back}
{sqlite: DROP TRIGGER guarantee_terms_withdrawn}
{postgres: DROP TRIGGER guarantee_terms_taken_back ON guarantee_terms}
{postgres: DROP TRIGGER guarantee_terms_withdrawn ON guarantee_terms}
{postgres: DROP FUNCTION guarantee_terms_taken_back()}
{postgres: DROP FUNCTION guarantee_terms_withdrawn()}
DROP TABLE withdrawn_terms;
