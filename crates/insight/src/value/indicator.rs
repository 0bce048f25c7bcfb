//! The six indicators of a customer's value.

use serde::{Deserialize, Serialize};

/// One of the six things a customer's value is made of (R-SCORE-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Indicator {
    /// What he has paid for cars and for service.
    TransactionAmount,
    /// How often he comes back, over the time since he first came.
    TransactionFrequency,
    /// How much he speaks with us: complaints, repairs, suggestions, calls, web, mail.
    Interaction,
    /// His standing, and whom he brings.
    SocialInfluence,
    /// How likely he buys next, and how soon.
    FutureValue,
    /// How he pays.
    Credit,
}

impl Indicator {
    /// How many indicators there are.
    pub const COUNT: usize = 6;
    /// All of them, in the order of the weights.
    pub const ALL: [Self; Self::COUNT] = [
        Self::TransactionAmount,
        Self::TransactionFrequency,
        Self::Interaction,
        Self::SocialInfluence,
        Self::FutureValue,
        Self::Credit,
    ];

    /// The name in files and on the wire.
    pub fn key(self) -> &'static str {
        match self {
            Self::TransactionAmount => "transaction_amount",
            Self::TransactionFrequency => "transaction_frequency",
            Self::Interaction => "interaction",
            Self::SocialInfluence => "social_influence",
            Self::FutureValue => "future_value",
            Self::Credit => "credit",
        }
    }

    /// The Chinese names it is known by; the first is the one we print.
    pub fn chinese(self) -> &'static [&'static str] {
        match self {
            Self::TransactionAmount => &["交易金额", "交易额", "交易量"],
            Self::TransactionFrequency => &["交易频率", "交易频次"],
            Self::Interaction => &["互动", "互动性", "互动程度", "交互"],
            Self::SocialInfluence => &["社会影响力", "社会影响", "影响力"],
            Self::FutureValue => &["未来价值", "潜在价值"],
            Self::Credit => &["信用", "信用度", "信誉"],
        }
    }
}
