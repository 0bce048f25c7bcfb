-- Parts that were there before: those that a dealer's row gives, and owners whom their own records name.
UPDATE vehicle_parties SET by_row = TRUE WHERE (vehicle_id, role, source_record_id) IN (
    SELECT v.id, 'owner', r.owner FROM vehicle_rows AS r JOIN vehicles AS v ON v.vin = r.vin WHERE r.owner IS NOT NULL
    UNION ALL
    SELECT v.id, 'driver', r.driver FROM vehicle_rows AS r JOIN vehicles AS v ON v.vin = r.vin WHERE r.driver IS NOT NULL
    UNION ALL
    SELECT v.id, 'payer', r.payer FROM vehicle_rows AS r JOIN vehicles AS v ON v.vin = r.vin WHERE r.payer IS NOT NULL);
UPDATE vehicle_parties SET named_in = 0 WHERE role = 'owner' AND NOT by_row;
