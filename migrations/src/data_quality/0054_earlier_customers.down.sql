DELETE FROM staff_changes;
