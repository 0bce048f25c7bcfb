//! What a blind index is for. The list is closed: each purpose has its own key for ever.

/// What a token is looked up for. Equal values under different purposes give unrelated tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A phone number.
    Phone,
    /// A resident ID or other certificate number.
    IdNumber,
    /// A unified social credit code.
    CreditCode,
    /// A licence plate.
    Plate,
    /// A vehicle identification number.
    Vin,
    /// An e-mail address.
    Email,
    /// A WeChat id.
    Wechat,
    /// A name.
    Name,
    /// A compound key by which linkage finds candidates.
    MatchKey,
    /// The content of a record, to see whether it changed.
    Content,
    /// Facts of a record by which the data-quality service tells invention.
    Evidence,
    /// Of somebody who was erased the key of a record, so that it is known again, and what names him in texts that are kept.
    Erased,
}

impl Purpose {
    /// Every purpose, in the order of their discriminants.
    pub const ALL: [Self; 12] = [
        Self::Phone,
        Self::IdNumber,
        Self::CreditCode,
        Self::Plate,
        Self::Vin,
        Self::Email,
        Self::Wechat,
        Self::Name,
        Self::MatchKey,
        Self::Content,
        Self::Evidence,
        Self::Erased,
    ];

    /// The name that goes into the key's derivation. Never changed: every stored token depends on it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::IdNumber => "id_number",
            Self::CreditCode => "credit_code",
            Self::Plate => "plate",
            Self::Vin => "vin",
            Self::Email => "email",
            Self::Wechat => "wechat",
            Self::Name => "name",
            Self::MatchKey => "match_key",
            Self::Content => "content",
            Self::Evidence => "evidence",
            Self::Erased => "erased",
        }
    }
}
