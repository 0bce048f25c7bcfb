//! What a role may see of a customer it may see at all.

use marque_auth::Sight;
use marque_vault::{mask_address, mask_id_number, mask_inside, mask_phone};

use crate::domain::{Channel, File};

/// Masks what the role need not see.
pub(crate) fn mask(file: &mut File, sight: Sight) {
    let golden = &mut file.golden;
    if sight != Sight::Own {
        golden.id_number = golden
            .id_number
            .take()
            .map(|number| mask_id_number(&number).into_string());
    }
    if sight == Sight::Masked {
        golden.address = golden
            .address
            .take()
            .map(|address| mask_address(&address).into_string());
        let requests = golden.explicit_requests.iter_mut();
        let words = requests.chain(&mut golden.special_needs);
        for text in words.chain(&mut golden.hobbies) {
            *text = mask_inside(text).into_string();
        }
        for point in &mut golden.contact_points {
            point.value = match point.channel {
                Channel::Phone => mask_phone(&point.value).into_string(),
                Channel::Email | Channel::Wechat => "***".to_owned(),
            };
        }
    }
}
