//! BG/NBD: who is still a customer, from how often, how lately and how long he has come.
//!
//! Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing Science
//! 24 (2005). While he is a customer, he comes at his own rate (Poisson, rates Gamma over customers); after each coming he
//! leaves for good with his own probability (Beta over customers).

use serde::{Deserialize, Serialize};

use super::minimise::minimise;
use super::special::{hyp2f1, ln_gamma};

/// What is counted of one customer. Times in any one unit, the same for all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comings {
    /// How often he came again after the first time.
    pub frequency: f64,
    /// Time from his first to his last coming; 0 when he came once.
    pub recency: f64,
    /// Time from his first coming to now.
    pub age: f64,
}

/// Why no model can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Too little to learn from.
    #[error(
        "at least {} customers, one of whom came again, are needed to fit the model",
        BgNbd::FEWEST_CUSTOMERS
    )]
    TooFew,
    /// A count or time that cannot be.
    #[error(
        "customer {index}: frequency, recency and age must be finite, 0 <= recency <= age, and recency 0 exactly when frequency is 0"
    )]
    Impossible {
        /// Which customer, from 0.
        index: usize,
    },
    /// The likelihood has no maximum that could be found.
    #[error("the likelihood did not settle; the customers may all behave the same")]
    NotConverged,
}

/// The fitted model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    /// Shape of the rates.
    pub r: f64,
    /// Inverse scale of the rates, in the unit of time.
    pub alpha: f64,
    /// First parameter of leaving.
    pub a: f64,
    /// Second parameter of leaving.
    pub b: f64,
    /// Natural logarithm of the likelihood, summed over customers; `None` when the parameters were given and not fitted.
    pub log_likelihood: Option<f64>,
}

impl BgNbd {
    /// Below this a fit would be noise.
    pub const FEWEST_CUSTOMERS: usize = 50;

    /// A model from known parameters, all above 0.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Option<Self> {
        let is_usable = [r, alpha, a, b]
            .iter()
            .all(|&parameter| parameter > 0.0 && parameter.is_finite());
        is_usable.then_some(Self {
            r,
            alpha,
            a,
            b,
            log_likelihood: None,
        })
    }

    /// Fits by maximum likelihood, without penalty.
    ///
    /// # Errors
    /// When there are too few customers, a count is impossible, or the likelihood has no maximum.
    pub fn fit(customers: &[Comings]) -> Result<Self, FitError> {
        for (index, customer) in customers.iter().enumerate() {
            if !customer.is_possible() {
                return Err(FitError::Impossible { index });
            }
        }
        let came_again = customers.iter().any(|customer| customer.frequency > 0.0);
        if customers.len() < Self::FEWEST_CUSTOMERS || !came_again {
            return Err(FitError::TooFew);
        }
        // Counted alike, fitted once: many customers came once and never again, on the same day.
        let counted = count_alike(customers);
        // Time is scaled so that the mean age is 1: the search then starts near the optimum in any unit.
        let unit =
            customers.iter().map(|customer| customer.age).sum::<f64>() / customers.len() as f64;
        let cost = |logs: &[f64; 4]| {
            let [r, alpha, a, b] = logs.map(f64::exp);
            let model = Self {
                r,
                alpha: alpha * unit,
                a,
                b,
                log_likelihood: None,
            };
            -counted
                .iter()
                .map(|(customer, count)| count * model.log_likelihood_of(customer))
                .sum::<f64>()
        };
        let minimum = minimise([-0.7, -1.0, 0.0, 0.7], cost);
        let [r, alpha, a, b] = minimum.at.map(f64::exp);
        let has_run_away = minimum.at.iter().any(|log| log.abs() > 15.0);
        if !minimum.has_converged || has_run_away {
            return Err(FitError::NotConverged);
        }
        Ok(Self {
            r,
            alpha: alpha * unit,
            a,
            b,
            log_likelihood: Some(-minimum.value),
        })
    }

    /// Equation (6) of the paper, in logarithms.
    fn log_likelihood_of(&self, customer: &Comings) -> f64 {
        let &Comings {
            frequency: x,
            recency,
            age,
        } = customer;
        let &Self { r, alpha, a, b, .. } = self;
        let common =
            ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(a + b) + ln_gamma(b + x)
                - ln_gamma(b)
                - ln_gamma(a + b + x);
        let alive = -(r + x) * (alpha + age).ln();
        if x == 0.0 {
            return common + alive;
        }
        let gone = a.ln() - (b + x - 1.0).ln() - (r + x) * (alpha + recency).ln();
        let larger = alive.max(gone);
        common + larger + ((alive - larger).exp() + (gone - larger).exp()).ln()
    }

    /// Probability that he is still a customer. Who came once and never again has had no chance to leave: 1.
    pub fn alive(&self, customer: &Comings) -> f64 {
        let &Comings {
            frequency: x,
            recency,
            age,
        } = customer;
        if x == 0.0 {
            return 1.0;
        }
        let odds_gone = self.a / (self.b + x - 1.0)
            * ((self.alpha + age) / (self.alpha + recency)).powf(self.r + x);
        1.0 / (1.0 + odds_gone)
    }

    /// Probability that he does not come within `window`: he has left, or is only quiet.
    ///
    /// Given alive, his rate is Gamma(r + x, α + T), so he stays away with ((α + T) / (α + T + window))^(r + x).
    pub fn stays_away(&self, customer: &Comings, window: f64) -> f64 {
        let time = self.alpha + customer.age;
        let quiet = (time / (time + window)).powf(self.r + customer.frequency);
        let alive = self.alive(customer);
        1.0 - alive * (1.0 - quiet)
    }

    /// How often he is expected to come within `window`. Equation (10) of the paper.
    pub fn expected_comings(&self, customer: &Comings, window: f64) -> f64 {
        let &Comings {
            frequency: x, age, ..
        } = customer;
        let &Self { r, alpha, a, b, .. } = self;
        let series = hyp2f1(
            r + x,
            b + x,
            a + b + x - 1.0,
            window / (alpha + age + window),
        );
        let shrink = ((alpha + age) / (alpha + age + window)).powf(r + x);
        self.alive(customer) * (a + b + x - 1.0) / (a - 1.0) * (1.0 - shrink * series)
    }
}

impl Comings {
    fn is_possible(&self) -> bool {
        let is_finite = [self.frequency, self.recency, self.age]
            .iter()
            .all(|value| value.is_finite());
        is_finite
            && self.frequency >= 0.0
            && (0.0..=self.age).contains(&self.recency)
            && (self.frequency == 0.0) == (self.recency == 0.0)
    }
}

fn count_alike(customers: &[Comings]) -> Vec<(Comings, f64)> {
    let mut sorted = customers.to_vec();
    let key =
        |customer: &Comings| [customer.frequency, customer.recency, customer.age].map(f64::to_bits);
    sorted.sort_by_key(key);
    let mut counted: Vec<(Comings, f64)> = Vec::new();
    for customer in sorted {
        match counted.last_mut() {
            Some((last, count)) if *last == customer => *count += 1.0,
            _ => counted.push((customer, 1.0)),
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters of Fader, Hardie and Lee for CDNOW, weeks.
    fn cdnow() -> BgNbd {
        BgNbd::new(0.242_593, 4.413_532, 0.792_886, 2.425_752).unwrap()
    }

    #[test]
    fn the_papers_own_example_comes_out() {
        // Customer 1 of CDNOW; the authors' spreadsheet note gives 1.226 for the next 39 weeks.
        let customer = Comings {
            frequency: 2.0,
            recency: 30.43,
            age: 38.86,
        };
        assert!((cdnow().expected_comings(&customer, 39.0) - 1.226).abs() < 5e-4);
    }

    #[test]
    fn the_longer_he_stays_away_the_less_he_is_a_customer() {
        let model = cdnow();
        let mut before = 1.0;
        for age in [10.0, 20.0, 40.0, 80.0, 160.0] {
            let customer = Comings {
                frequency: 5.0,
                recency: 10.0,
                age,
            };
            let (alive, away) = (model.alive(&customer), model.stays_away(&customer, 39.0));
            assert!(alive < before || age == 10.0);
            assert!(away >= 1.0 - alive && away <= 1.0);
            before = alive;
        }
        assert_eq!(
            model.alive(&Comings {
                frequency: 0.0,
                recency: 0.0,
                age: 99.0
            }),
            1.0
        );
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let once = Comings {
            frequency: 0.0,
            recency: 0.0,
            age: 10.0,
        };
        assert_eq!(BgNbd::fit(&[once; 10]), Err(FitError::TooFew));
        assert_eq!(BgNbd::fit(&[once; 100]), Err(FitError::TooFew));
        let impossible = Comings {
            frequency: 1.0,
            recency: 11.0,
            age: 10.0,
        };
        assert_eq!(
            BgNbd::fit(&[once, impossible]),
            Err(FitError::Impossible { index: 1 })
        );
        assert_eq!(BgNbd::new(1.0, 0.0, 1.0, 1.0), None);
    }
}
