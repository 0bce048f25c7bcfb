//! Writing the scored file: every row as it came, with score, rank, tier and confidence after it.

use std::io::{self, Write};

use rayon::prelude::*;

use super::ScoredFile;
use super::header::ADDED;
use super::read::Row;
use crate::rank::Tier;
use crate::value::WeightedSum;

/// Rows formatted by one thread at a time: a few megabytes of text.
const ROWS_PER_BLOCK: usize = 65_536;

impl ScoredFile<'_> {
    /// Writes the file as UTF-8 CSV, rows in the order they came.
    ///
    /// An unscored customer has no score and no rank and the tier `unscored`.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_to(&self, out: &mut (impl Write + Send)) -> io::Result<()> {
        out.write_all(self.header_line)?;
        writeln!(out, ",{}", ADDED.join(","))?;
        let blocks: Vec<(usize, &[Row])> = self.blocks().collect();
        let mut ready: Vec<Vec<u8>> = Vec::new();
        // One group of blocks is written while the next is formatted.
        for group in blocks.chunks(rayon::current_num_threads() * 2) {
            let format = || {
                group
                    .par_iter()
                    .map(|&(start, rows)| self.format(start, rows))
                    .collect()
            };
            let (next, written) = rayon::join(format, || {
                ready.iter().try_for_each(|block| out.write_all(block))
            });
            written?;
            ready = next;
        }
        ready.iter().try_for_each(|block| out.write_all(block))?;
        out.flush()
    }

    fn blocks(&self) -> impl Iterator<Item = (usize, &[Row])> {
        self.rows.parts.iter().enumerate().flat_map(|(part, rows)| {
            let start = self.rows.start_of(part);
            rows.chunks(ROWS_PER_BLOCK)
                .enumerate()
                .map(move |(index, rows)| (start + index * ROWS_PER_BLOCK, rows))
        })
    }

    fn format(&self, start: usize, rows: &[Row]) -> Vec<u8> {
        let content: usize = rows.iter().map(|row| row.len as usize).sum();
        let mut block = Vec::with_capacity(content + rows.len() * 36);
        for (row, &rank) in rows.iter().zip(&self.ranks.ranks[start..]) {
            block.extend_from_slice(row.content(self.rows.text));
            match row.confidence {
                Some(confidence) => {
                    let score = self.weights.rounded(WeightedSum(row.sum), row.is_finer);
                    let score = score.hundredths() as u64;
                    let tier = Tier::of(u64::from(rank), self.ranks.sizes[row.kind as usize]);
                    block.push(b',');
                    push_number(&mut block, score / 100);
                    block.extend_from_slice(&[
                        b'.',
                        b'0' + (score / 10 % 10) as u8,
                        b'0' + (score % 10) as u8,
                        b',',
                    ]);
                    push_number(&mut block, u64::from(rank));
                    block.push(b',');
                    block.extend_from_slice(tier.key().as_bytes());
                    block.push(b',');
                    push_number(&mut block, u64::from(confidence));
                }
                None => block.extend_from_slice(b",,,unscored,0"),
            }
            block.push(b'\n');
        }
        block
    }
}

/// Decimal digits without the machinery of formatting: this runs forty million times for a big file.
fn push_number(block: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    block.extend_from_slice(&digits[first..]);
}
