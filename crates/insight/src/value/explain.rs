//! Why a score is what it is: score → indicators → features → facts with their sources, as data and in plain words.

use chrono::NaiveDate;

use super::{Assessment, Fact, Feature, Indicator, Inputs, Model, Points, Prior, Score};

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The fact it supports.
    pub fact: Fact,
    /// Identifier of the source record.
    pub source: String,
    /// Business date of the record.
    pub date: NaiveDate,
}

/// A score taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Version of the model that computed it.
    pub model_version: String,
    /// The score shown.
    pub score: Score,
    /// Per cent of the weight that rests on something known.
    pub confidence: u8,
    /// The six indicators, heaviest contribution first.
    pub indicators: Vec<IndicatorPart>,
}

/// One indicator's part.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorPart {
    /// Which.
    pub indicator: Indicator,
    /// Its points.
    pub points: Points,
    /// Share of the whole weight, 0 to 1.
    pub weight: f64,
    /// Points of the score it brings; the six add up to the score.
    pub contribution: f64,
    /// Share that rests on something known, 0 to 1.
    pub known: f64,
    /// What it was computed from; empty where the points were given.
    pub terms: Vec<TermPart>,
}

/// One feature's part in an indicator.
#[derive(Clone, Debug, PartialEq)]
pub struct TermPart {
    /// Which.
    pub feature: Feature,
    /// Its value; `None` where unknown, and then the points are the neutral ones.
    pub value: Option<f64>,
    /// Points off its curve.
    pub points: f64,
    /// The facts that are known of it.
    pub facts: Vec<FactPart>,
}

/// One fact with its sources.
#[derive(Clone, Debug, PartialEq)]
pub struct FactPart {
    /// Which.
    pub fact: Fact,
    /// Its value.
    pub value: f64,
    /// The records it rests on.
    pub evidence: Vec<Evidence>,
}

/// The languages in which a customer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Chinese,
    /// English.
    English,
}

/// Takes a customer's score apart; `None` when he is unscored.
pub fn explain(model: &Model, inputs: &Inputs, evidence: &[Evidence]) -> Option<Explanation> {
    let assessment = model.assess(inputs)?;
    let mut indicators: Vec<IndicatorPart> = Indicator::ALL
        .into_iter()
        .map(|indicator| part(model, inputs, &assessment, indicator, evidence))
        .collect();
    indicators.sort_by(|left, right| right.contribution.total_cmp(&left.contribution));
    Some(Explanation {
        model_version: model.version().to_owned(),
        score: model.score(assessment.sum),
        confidence: assessment.confidence,
        indicators,
    })
}

fn part(
    model: &Model,
    inputs: &Inputs,
    assessment: &Assessment,
    indicator: Indicator,
    evidence: &[Evidence],
) -> IndicatorPart {
    let index = indicator as usize;
    let points = assessment.points[index];
    let weight = model.weights().share(indicator);
    let is_given = inputs.given[index].is_some();
    let terms = if is_given {
        Vec::new()
    } else {
        term_parts(model, inputs, indicator, evidence)
    };
    let known = assessment.known[index];
    IndicatorPart {
        indicator,
        points,
        weight,
        contribution: weight * points.as_f64(),
        known,
        terms,
    }
}

fn term_parts(
    model: &Model,
    inputs: &Inputs,
    indicator: Indicator,
    evidence: &[Evidence],
) -> Vec<TermPart> {
    let to_part = |term: &super::Term| {
        let value = term
            .feature
            .value(&inputs.facts, term.prior.unwrap_or(Prior::NONE));
        let points = value.map_or(model.neutral().as_f64(), |value| term.curve.points(value));
        let known_facts = term.feature.facts().iter().filter_map(|&fact| {
            let sources = evidence
                .iter()
                .filter(|each| each.fact == fact)
                .cloned()
                .collect();
            inputs.facts.get(fact).map(|value| FactPart {
                fact,
                value,
                evidence: sources,
            })
        });
        TermPart {
            feature: term.feature,
            value,
            points,
            facts: known_facts.collect(),
        }
    };
    model.terms(indicator).iter().map(to_part).collect()
}

impl Explanation {
    /// The explanation for the customer himself, one sentence a line (PIPL Art. 24: automated decisions are explained).
    pub fn in_words(&self, language: Language) -> Vec<String> {
        let mut lines = vec![match language {
            Language::English => format!(
                "Your score is {} of 100. {} % of it rests on records we hold; the rest is set to a neutral middle.",
                self.score, self.confidence
            ),
            Language::Chinese => {
                format!(
                    "您的评分为 {}（满分 100），其中 {}% 有记录依据，其余按中性值计。",
                    self.score, self.confidence
                )
            }
        }];
        lines.extend(self.indicators.iter().map(|part| part.in_words(language)));
        lines
    }
}

impl IndicatorPart {
    /// The facts it rests on, each once: several features ask for the same months.
    fn facts(&self) -> Vec<&FactPart> {
        let mut facts: Vec<&FactPart> = Vec::new();
        for part in self.terms.iter().flat_map(|term| &term.facts) {
            if facts.iter().all(|known| known.fact != part.fact) {
                facts.push(part);
            }
        }
        facts
    }

    fn in_words(&self, language: Language) -> String {
        let (points, weight) = (self.points, self.weight * 100.0);
        let name = match language {
            Language::English => self.indicator.key().replace('_', " "),
            Language::Chinese => self.indicator.chinese()[0].to_owned(),
        };
        if self.known == 0.0 {
            return match language {
                Language::English => format!(
                    "{name}: nothing is known, so it stands at {points}, neither for nor against you."
                ),
                Language::Chinese => {
                    format!("{name}：暂无记录，按中性值 {points} 计，既不加分也不减分。")
                }
            };
        }
        let list: Vec<String> = self
            .facts()
            .iter()
            .map(|fact| fact.in_words(language))
            .collect();
        match language {
            Language::English if list.is_empty() => {
                format!("{name}: {points} points, weight {weight:.0} %.")
            }
            Language::English => format!(
                "{name}: {points} points, weight {weight:.0} %. It rests on: {}.",
                list.join("; ")
            ),
            Language::Chinese if list.is_empty() => {
                format!("{name}：{points} 分，权重 {weight:.0}%。")
            }
            Language::Chinese => format!(
                "{name}：{points} 分，权重 {weight:.0}%，依据：{}。",
                list.join("、")
            ),
        }
    }
}

impl FactPart {
    fn in_words(&self, language: Language) -> String {
        let ((chinese, unit), (english, english_unit)) = spoken(self.fact);
        let scale = if self.fact == Fact::PurchaseProbability {
            100.0
        } else {
            1.0
        };
        // People are told hundredths at most.
        let value = (self.value * scale * 100.0).round() / 100.0;
        match language {
            Language::English => format!("{english} {value}{english_unit}"),
            Language::Chinese => format!("{chinese} {value}{unit}"),
        }
    }
}

/// A name and what follows the number.
type Spoken = (&'static str, &'static str);

/// What a fact is called when a person is told of it, and in what it is counted: Chinese and English. The names of columns are for
/// files.
const fn spoken(fact: Fact) -> (Spoken, Spoken) {
    match fact {
        Fact::PurchaseAmount => (("购车金额", " 元"), ("paid for vehicles", " yuan")),
        Fact::ServiceAmount => (
            ("售后消费金额", " 元"),
            ("paid for service, parts and insurance", " yuan"),
        ),
        Fact::PurchaseCount => (("购车", " 次"), ("vehicles bought", "")),
        Fact::VisitCount => (("进厂", " 次"), ("visits to a workshop", "")),
        Fact::MonthsSinceFirst => (
            ("首次交易距今", " 个月"),
            ("since the first purchase or visit", " months"),
        ),
        Fact::InteractionCount => (
            ("近十二个月互动", " 次"),
            ("contacts in the last twelve months", ""),
        ),
        Fact::ComplaintCount => (
            ("近十二个月投诉（不扣分）", " 次"),
            (
                "complaints in the last twelve months (not held against you)",
                "",
            ),
        ),
        Fact::StandingLevel => (
            ("社会地位等级（1 至 5）", ""),
            ("social standing, from 1 to 5", ""),
        ),
        Fact::ReferralCount => (("推荐成交", " 人"), ("buyers you sent us", "")),
        Fact::PurchaseProbability => (
            ("两年内再购的可能性", "%"),
            ("likelihood to buy within two years", " %"),
        ),
        Fact::IntentionLevel => (
            ("购买意向等级（1 至 5）", ""),
            ("intention to buy, from 1 to 5", ""),
        ),
        Fact::VehicleAgeYears => (
            ("最新一辆车的车龄", " 年"),
            ("age of your newest vehicle", " years"),
        ),
        Fact::PaymentCount => (("到期应付款", " 次"), ("payments that fell due", "")),
        Fact::OnTimeCount => (("按时付款", " 次"), ("paid in time", "")),
        Fact::OverdueDays => (
            ("最久一笔欠款逾期", " 天"),
            ("oldest payment overdue by", " days"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::*;

    fn inputs() -> Inputs {
        let facts = Facts::default()
            .with(Fact::PurchaseAmount, 180_000.0)
            .with(Fact::VehicleAgeYears, 29.0 / 12.0)
            .with(Fact::ReferralCount, 2.0);
        Inputs {
            facts,
            ..Inputs::default()
        }
    }

    fn evidence() -> Vec<Evidence> {
        let date = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        vec![Evidence {
            fact: Fact::PurchaseAmount,
            source: "invoice-17".into(),
            date,
        }]
    }

    #[test]
    fn contributions_add_up_to_the_score() {
        let explanation = explain(&Model::shipped(), &inputs(), &evidence()).unwrap();
        let sum: f64 = explanation
            .indicators
            .iter()
            .map(|part| part.contribution)
            .sum();
        assert!((sum - explanation.score.hundredths() as f64 / 100.0).abs() < 0.0051);
    }

    #[test]
    fn an_indicator_leads_down_to_the_record_behind_it() {
        let explanation = explain(&Model::shipped(), &inputs(), &evidence()).unwrap();
        let amount = explanation
            .indicators
            .iter()
            .find(|part| part.indicator == Indicator::TransactionAmount)
            .unwrap();
        let fact = &amount.terms[0].facts[0];
        assert_eq!((fact.fact, fact.value), (Fact::PurchaseAmount, 180_000.0));
        assert_eq!(fact.evidence, evidence());
    }

    #[test]
    fn the_customer_is_told_in_both_languages_what_is_known_and_what_is_not() {
        let explanation = explain(&Model::shipped(), &inputs(), &evidence()).unwrap();
        let (english, chinese) = (
            explanation.in_words(Language::English).join("\n"),
            explanation.in_words(Language::Chinese).join("\n"),
        );
        assert!(
            english.contains("paid for vehicles 180000 yuan")
                && english.contains("credit: nothing is known"),
            "{english}"
        );
        assert!(
            chinese.contains("购车金额 180000 元")
                && chinese.contains("车龄 2.42 年")
                && chinese.contains("信用：暂无记录"),
            "{chinese}"
        );
    }

    #[test]
    fn a_fact_is_told_once_and_a_probability_in_per_cent() {
        let facts = Facts::default()
            .with(Fact::PurchaseCount, 2.0)
            .with(Fact::VisitCount, 5.0)
            .with(Fact::MonthsSinceFirst, 30.0)
            .with(Fact::PurchaseProbability, 0.4);
        let inputs = Inputs {
            facts,
            ..Inputs::default()
        };
        let explanation = explain(&Model::shipped(), &inputs, &[]).unwrap();
        let words = explanation.in_words(Language::Chinese);
        let frequency = words.iter().find(|each| each.starts_with("交易频率"));
        let frequency = frequency.unwrap();
        assert!(
            frequency.ends_with("依据：购车 2 次、首次交易距今 30 个月、进厂 5 次。"),
            "{frequency}"
        );
        let future = words.iter().find(|each| each.starts_with("未来价值"));
        assert!(future.unwrap().contains("再购的可能性 40%"), "{words:?}");
    }

    #[test]
    fn an_unscored_customer_has_no_explanation() {
        assert_eq!(explain(&Model::shipped(), &Inputs::default(), &[]), None);
    }
}
