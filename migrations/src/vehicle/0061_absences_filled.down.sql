DELETE FROM vehicle_absences;
