-- Open cases of which nobody has said or told a tier: they were written as ordinary, and are empty until it is told.
UPDATE complaints SET tier = '' WHERE is_open AND tier = 'ordinary' AND NOT EXISTS (
    SELECT 1 FROM complaint_entries AS e
    WHERE e.complaint_id = complaints.id AND e.act = 'amended' AND e.from_value LIKE 'tier=%');
