{sqlite: DROP TRIGGER vehicle_parties_forgotten}
{postgres: DROP TRIGGER vehicle_parties_forgotten ON vehicle_parties}
{postgres: DROP FUNCTION vehicle_parties_forgotten()}
DROP TABLE vehicle_absences;
