//! The model as a small file that people can read.

use super::FieldSpec;
use super::model::{ClassModel, Model};

/// Why a model file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not TOML, or not the layout of a model.
    #[error(
        "the model file cannot be read: delete it to train anew, or give one that `marque link` wrote"
    )]
    Unreadable(#[source] toml::de::Error),
    /// Written by another release.
    #[error(
        "the model file has version {0}, this program reads version 1: delete it to train anew"
    )]
    Version(u32),
    /// Trained for other columns.
    #[error(
        "the model file was trained for other columns ({found}) than this file has ({wanted}): delete it or give another"
    )]
    Schema {
        /// What the file says.
        found: String,
        /// What the data needs.
        wanted: String,
    },
    /// Written by a release that told other findings of a field apart.
    #[error(
        "the model file was trained by a release that compared {0} otherwise: delete it to train anew"
    )]
    Levels(String),
    /// No class of pairs, so nothing to weigh by.
    #[error("the model file holds no classes of pairs: train a new one")]
    NoClasses,
    /// A probability outside 0..=1, or a field without levels.
    #[error("the model file holds an impossible probability in field {0}")]
    Probability(String),
}

impl Model {
    /// The file form.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a model holds only numbers, text and lists")
    }

    /// Reads the file form.
    ///
    /// # Errors
    /// If the text is no model, of another version, or holds impossible numbers.
    pub fn from_toml(text: &str) -> Result<Self, ModelError> {
        let model: Self = toml::from_str(text).map_err(ModelError::Unreadable)?;
        if model.version != 1 {
            return Err(ModelError::Version(model.version));
        }
        if model.stages().any(|stage| stage.classes.is_empty()) {
            return Err(ModelError::NoClasses);
        }
        let classes = model.stages().flat_map(|stage| &stage.classes);
        for field in classes.flat_map(|class| &class.fields) {
            let is_probability = |p: f64| p.is_finite() && (0.0..=1.0).contains(&p);
            if field.levels.is_empty()
                || !field.lookalikes_share.is_none_or(is_probability)
                || !field
                    .levels
                    .iter()
                    .all(|level| is_probability(level.m) && is_probability(level.u))
            {
                return Err(ModelError::Probability(field.name.clone()));
            }
        }
        Ok(model)
    }

    /// Checks that the model fits the data's schema and what is told apart of each field.
    ///
    /// # Errors
    /// If it was trained for another schema, or by a release with other levels.
    pub fn check_fits(&self, wanted: &str, fields: &[FieldSpec]) -> Result<(), ModelError> {
        if self.schema != wanted {
            return Err(ModelError::Schema {
                found: self.schema.clone(),
                wanted: wanted.to_owned(),
            });
        }
        let levels_of = |class: &ClassModel| -> Vec<usize> {
            class
                .fields
                .iter()
                .map(|field| field.levels.len())
                .collect()
        };
        let wanted: Vec<usize> = fields.iter().map(|field| field.levels.len()).collect();
        let mut classes = self.stages().flat_map(|stage| &stage.classes);
        let Some(other) = classes.find(|class| levels_of(class) != wanted) else {
            return Ok(());
        };
        let mut pairs = fields.iter().zip(levels_of(other));
        let field = pairs.find(|(field, levels)| field.levels.len() != *levels);
        let name = field.map_or("records", |(field, _)| field.name.as_str());
        Err(ModelError::Levels(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LevelSpec, Tells, level};
    use super::*;

    #[test]
    fn a_model_survives_its_file() {
        let mut model = crate::dealer::default_model();
        model.provenance.trained_on = "a test".to_owned();
        let again = Model::from_toml(&model.to_toml()).unwrap();
        assert_eq!(again, model);
    }

    #[test]
    fn a_model_fits_the_schema_and_the_levels_it_was_trained_for() {
        const LEVELS: &[LevelSpec] = &[
            level("same", 0.8),
            level("near", 0.1),
            level("differs", 0.1),
        ];
        let spec = |levels| FieldSpec {
            name: "birth".to_owned(),
            correlation: None,
            tells: Tells::Person,
            levels,
        };
        let model = Model::untrained("general(birth)", &[spec(LEVELS)], &["all"]);
        assert!(model.check_fits("general(birth)", &[spec(LEVELS)]).is_ok());
        assert!(matches!(
            model.check_fits("dealer", &[spec(LEVELS)]),
            Err(ModelError::Schema { .. })
        ));
        let refused = model.check_fits("general(birth)", &[spec(&LEVELS[1..])]);
        assert!(matches!(refused, Err(ModelError::Levels(name)) if name == "birth"));
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        assert!(matches!(
            Model::from_toml("not a model"),
            Err(ModelError::Unreadable(_))
        ));
        let text = crate::dealer::default_model().to_toml();
        assert!(matches!(
            Model::from_toml(&text.replacen("version = 1", "version = 9", 1)),
            Err(ModelError::Version(9))
        ));
        let mut empty = crate::dealer::default_model();
        empty.classes.clear();
        assert!(matches!(
            Model::from_toml(&empty.to_toml()),
            Err(ModelError::NoClasses)
        ));
    }
}
