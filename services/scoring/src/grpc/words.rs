//! A score in plain words, for the customer himself: how it comes about, where he stands, who said what, and what he may do (PIPL
//! Art. 24). There are words for who has no score, too.

use marque_insight::{
    rank::{Kind, Standing, Tier},
    value::{Fact, Indicator, Language},
};

use crate::{
    app::Shown,
    domain::{Cited, Evidence, ORDER_WITHOUT_VIN, State},
};

/// The sentences in one language; none unless an explanation was asked for.
pub(super) fn words(shown: &Shown, language: Language) -> Vec<String> {
    if !shown.is_explained {
        return Vec::new();
    }
    let mut words = match &shown.explanation {
        Some(explanation) => explanation.in_words(language),
        None => vec![without_score(shown.row.state, language).to_owned()],
    };
    let standing = shown.standing;
    words.extend(standing.map(|standing| place(shown.row.kind, standing, language)));
    words.extend(given(&shown.evidence, language));
    words.extend(doubts(&shown.evidence, language));
    words.push(rights(shown.row.state, language).to_owned());
    words
}

fn without_score(state: State, language: Language) -> &'static str {
    let has_refused = state == State::OptedOut;
    match language {
        Language::Chinese if has_refused => "您不同意评分，因此没有评分、排名和等级。",
        Language::Chinese => "目前没有可据以评分的记录，因此没有评分、排名和等级。",
        Language::English if has_refused => {
            "You do not want to be scored, so there is no score, rank or tier."
        }
        Language::English => {
            "Nothing is on record yet on which a score could rest, so there is no score, rank or tier."
        }
    }
}

fn place(kind: Kind, standing: Standing, language: Language) -> String {
    let Standing { tier, rank, size } = standing;
    match language {
        Language::Chinese => {
            let kind = match kind {
                Kind::Person => "个人客户",
                Kind::Organization => "企业客户",
            };
            let tier = match tier {
                Tier::Vip => "VIP 客户",
                Tier::Major => "主要客户",
                Tier::Ordinary => "普通客户",
                Tier::Small => "小客户",
            };
            format!("在 {size} 位{kind}中排名第 {rank}，等级为{tier}。")
        }
        Language::English => {
            let kind = match kind {
                Kind::Person => "persons",
                Kind::Organization => "organizations",
            };
            let tier = tier.key();
            format!("Among {size} {kind} you rank {rank}, which is the tier {tier}.")
        }
    }
}

/// Which indicators were not computed, who gave them, and until when they hold.
fn given(evidence: &[Evidence], language: Language) -> impl Iterator<Item = String> {
    evidence.iter().filter_map(move |each| match each.of {
        Cited::Given(indicator, until) => {
            let until = until.map(|day| day.to_string());
            Some(given_by(indicator, each, until.as_deref(), language))
        }
        Cited::Fact(_) => None,
    })
}

fn given_by(
    indicator: Indicator,
    by: &Evidence,
    until: Option<&str>,
    language: Language,
) -> String {
    let Evidence { dealer, date, .. } = by;
    match language {
        Language::Chinese => {
            let name = indicator.chinese()[0];
            let until = until.map_or_else(String::new, |day| format!("，有效期至 {day}"));
            format!("{name}不是计算所得，而是经销商 {dealer} 于 {date} 评定的{until}。")
        }
        Language::English => {
            let name = indicator.key().replace('_', " ");
            let until = until.map_or_else(String::new, |day| format!(", and holds until {day}"));
            format!("{name} was not computed: the dealer {dealer} assessed it on {date}{until}.")
        }
    }
}

/// What is assumed of the records.
fn doubts(evidence: &[Evidence], language: Language) -> Option<String> {
    let is_assumed = |each: &&Evidence| {
        each.assumed == ORDER_WITHOUT_VIN && each.of == Cited::Fact(Fact::PurchaseCount)
    };
    let count = evidence.iter().filter(is_assumed).count();
    (count > 0).then(|| match language {
        Language::Chinese => format!(
            "有 {count} 份购车订单未填车架号，因经销商与日期相符，视为与已登记的车辆销售为同一次购车"
        ),
        Language::English => format!(
            "orders without a VIN that are taken for the purchase of a car, by dealer and date: {count}"
        ),
    })
}

/// That it is automated, what hangs on it, and how to refuse it or to agree again.
fn rights(state: State, language: Language) -> &'static str {
    let has_refused = state == State::OptedOut;
    match language {
        Language::Chinese if has_refused => "您可以随时重新同意评分；在此之前不会评分。",
        Language::Chinese => {
            "评分由系统按固定规则自动计算，不决定价格；因等级享有的权益及其理由列在您的权益中。您可以随时拒绝评分，也可以要求我们作出说明。"
        }
        Language::English if has_refused => {
            "You may agree again at any time; until then there will be none."
        }
        Language::English => {
            "The score is computed automatically by fixed rules and sets no price; what you are entitled to by your tier is listed \
             among your benefits with its reason. You may refuse to be scored at any time, and ask us to explain it."
        }
    }
}
