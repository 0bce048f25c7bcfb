//! The model that ships with the crate, so that a live service works from its first record.

use crate::score::Model;

/// The pre-trained dealer model; `examples/train_default.rs` makes it, its provenance says of what.
pub fn default_model() -> Model {
    Model::from_toml(include_str!("default_model.toml"))
        .expect("the shipped model is checked by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_fits_the_comparison() {
        let model = default_model();
        assert_eq!(model.schema, "dealer");
        for class in &model.classes {
            let specs = super::super::fields();
            assert_eq!(class.fields.len(), specs.len());
            for (field, spec) in class.fields.iter().zip(specs) {
                assert_eq!(
                    (field.name.as_str(), field.levels.len()),
                    (spec.name.as_str(), spec.levels.len())
                );
                assert!(
                    field
                        .levels
                        .iter()
                        .zip(spec.levels)
                        .all(|(level, spec)| level.name == spec.name)
                );
            }
        }
    }
}
