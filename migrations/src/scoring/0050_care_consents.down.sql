DROP TABLE care_consents;
