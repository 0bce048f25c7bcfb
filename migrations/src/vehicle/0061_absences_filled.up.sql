-- Who came back before the release: since he was last said, which is all that was kept of it.
INSERT INTO vehicle_absences (vehicle_id, role, source_record_id, dealer, left_at, again_at)
SELECT vehicle_id, role, source_record_id, dealer, ended_at, last_at FROM vehicle_parties
WHERE by_row AND ended_at <= last_at;
INSERT INTO vehicle_absences (vehicle_id, role, source_record_id, dealer, left_at, again_at)
SELECT p.vehicle_id, p.role, p.source_record_id, p.dealer, min(other.first_at), p.last_at
FROM vehicle_parties AS p JOIN vehicle_parties AS other ON other.source_record_id = p.source_record_id AND other.named_in < p.named_in
WHERE NOT p.by_row AND other.first_at > p.first_at AND other.first_at < p.last_at
GROUP BY p.vehicle_id, p.role, p.source_record_id, p.dealer, p.last_at;
