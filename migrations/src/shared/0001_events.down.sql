DROP TABLE dealer_regions;
DROP TABLE dead_letters;
DROP TABLE event_cursors;
DROP TABLE inbox;
DROP TABLE outbox;
