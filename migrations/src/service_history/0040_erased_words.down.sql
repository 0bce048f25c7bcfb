DROP TABLE erased_words;
