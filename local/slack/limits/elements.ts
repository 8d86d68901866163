import { z } from "zod";
import { anyText, confirmation, plainOption, plainText, richOption } from "./text.ts";

const actionable = { action_id: z.string().min(1).max(255).exactOptional() };
const confirmable = { confirm: confirmation.exactOptional() };
const focusable = { focus_on_load: z.boolean().exactOptional() };
const placeholdable = { placeholder: plainText(150).exactOptional() };
const several = { max_selected_items: z.int().min(1).exactOptional() };
const dispatchable = {
  dispatch_action_config: z
    .strictObject({
      trigger_actions_on: z.array(z.enum(["on_enter_pressed", "on_character_entered"])).exactOptional(),
    })
    .exactOptional(),
};
const pickable = { ...actionable, ...confirmable, ...focusable };
const selectable = { ...pickable, ...placeholdable };
const typeable = { ...actionable, ...dispatchable, ...focusable, ...placeholdable };

const optionGroup = z.strictObject({ label: plainText(75), options: z.array(plainOption).min(1).max(100) });
const optionLists = {
  options: z.array(plainOption).min(1).max(100).exactOptional(),
  option_groups: z.array(optionGroup).min(1).max(100).exactOptional(),
};
const oneList = (select: { options?: unknown; option_groups?: unknown }) =>
  (select.options === undefined) !== (select.option_groups === undefined);
const ONE_LIST = "must define either `options` or `option_groups`";

const button = z.strictObject({
  ...actionable,
  ...confirmable,
  type: z.literal("button"),
  text: plainText(75),
  value: z.string().max(2000).exactOptional(),
  url: z
    .url({ protocol: /^(https?|mailto)$/ })
    .max(3000)
    .exactOptional(),
  style: z.enum(["primary", "danger"]).exactOptional(),
  accessibility_label: z.string().max(75).exactOptional(),
});

const image = z
  .strictObject({
    type: z.literal("image"),
    alt_text: z.string().min(1).max(2000),
    image_url: z.string().min(1).max(3000).exactOptional(),
    slack_file: z
      .union([z.strictObject({ id: z.string() }), z.strictObject({ url: z.string() })])
      .exactOptional(),
  })
  .refine((picture) => (picture.image_url === undefined) !== (picture.slack_file === undefined), {
    error: "must define either `image_url` or `slack_file`",
  });

const staticSelect = z
  .strictObject({
    ...selectable,
    ...optionLists,
    type: z.literal("static_select"),
    initial_option: plainOption.exactOptional(),
  })
  .refine(oneList, { error: ONE_LIST });
const multiStaticSelect = z
  .strictObject({
    ...selectable,
    ...several,
    ...optionLists,
    type: z.literal("multi_static_select"),
    initial_options: z.array(plainOption).exactOptional(),
  })
  .refine(oneList, { error: ONE_LIST });

const querying = { min_query_length: z.int().min(0).exactOptional() };
const externalSelect = z.strictObject({
  ...selectable,
  ...querying,
  type: z.literal("external_select"),
  initial_option: plainOption.exactOptional(),
});
const multiExternalSelect = z.strictObject({
  ...selectable,
  ...querying,
  ...several,
  type: z.literal("multi_external_select"),
  initial_options: z.array(plainOption).exactOptional(),
});

const people = z.strictObject({
  ...selectable,
  type: z.literal("users_select"),
  initial_user: z.string().exactOptional(),
});
const multiPeople = z.strictObject({
  ...selectable,
  ...several,
  type: z.literal("multi_users_select"),
  initial_users: z.array(z.string()).exactOptional(),
});
const conversations = z.strictObject({
  ...selectable,
  type: z.literal("conversations_select"),
  initial_conversation: z.string().exactOptional(),
  default_to_current_conversation: z.boolean().exactOptional(),
  response_url_enabled: z.boolean().exactOptional(),
  filter: z.looseObject({}).exactOptional(),
});
const multiConversations = z.strictObject({
  ...selectable,
  ...several,
  type: z.literal("multi_conversations_select"),
  initial_conversations: z.array(z.string()).exactOptional(),
  default_to_current_conversation: z.boolean().exactOptional(),
  filter: z.looseObject({}).exactOptional(),
});
const channels = z.strictObject({
  ...selectable,
  type: z.literal("channels_select"),
  initial_channel: z.string().exactOptional(),
  response_url_enabled: z.boolean().exactOptional(),
});
const multiChannels = z.strictObject({
  ...selectable,
  ...several,
  type: z.literal("multi_channels_select"),
  initial_channels: z.array(z.string()).exactOptional(),
});

const checkboxes = z.strictObject({
  ...pickable,
  type: z.literal("checkboxes"),
  options: z.array(richOption).min(1).max(10),
  initial_options: z.array(richOption).exactOptional(),
});
const radioButtons = z.strictObject({
  ...pickable,
  type: z.literal("radio_buttons"),
  options: z.array(richOption).min(1).max(10),
  initial_option: richOption.exactOptional(),
});
const overflow = z.strictObject({
  ...actionable,
  ...confirmable,
  type: z.literal("overflow"),
  options: z.array(plainOption).min(1).max(5),
});

const datepicker = z.strictObject({
  ...selectable,
  type: z.literal("datepicker"),
  initial_date: z.iso.date().exactOptional(),
});
const timepicker = z.strictObject({
  ...selectable,
  type: z.literal("timepicker"),
  initial_time: z
    .string()
    .regex(/^\d\d:\d\d$/)
    .exactOptional(),
  timezone: z.string().exactOptional(),
});
const datetimepicker = z.strictObject({
  ...pickable,
  type: z.literal("datetimepicker"),
  initial_date_time: z.int().exactOptional(),
});

const plainTextInput = z.strictObject({
  ...typeable,
  type: z.literal("plain_text_input"),
  initial_value: z.string().exactOptional(),
  multiline: z.boolean().exactOptional(),
  min_length: z.int().min(0).max(3000).exactOptional(),
  max_length: z.int().min(1).max(3000).exactOptional(),
});
const numberInput = z.strictObject({
  ...typeable,
  type: z.literal("number_input"),
  is_decimal_allowed: z.boolean(),
  initial_value: z.string().exactOptional(),
  min_value: z.string().exactOptional(),
  max_value: z.string().exactOptional(),
});
const emailInput = z.strictObject({
  ...typeable,
  type: z.literal("email_text_input"),
  initial_value: z.string().exactOptional(),
});
const urlInput = z.strictObject({
  ...typeable,
  type: z.literal("url_text_input"),
  initial_value: z.string().exactOptional(),
});

// Accepted by their type only: diagbot does not use them and the page does not draw them.
const loose = <T extends string>(type: T) => z.looseObject({ ...actionable, type: z.literal(type) });
const richTextInput = loose("rich_text_input");
const fileInput = loose("file_input");

const selects = [staticSelect, externalSelect, people, conversations, channels] as const;
const multiSelects = [
  multiStaticSelect,
  multiExternalSelect,
  multiPeople,
  multiConversations,
  multiChannels,
] as const;
const pickers = [checkboxes, radioButtons, datepicker, timepicker] as const;

/** What an `actions` block may hold. */
export const actionsElement = z.discriminatedUnion("type", [
  button,
  overflow,
  datetimepicker,
  richTextInput,
  loose("workflow_button"),
  ...selects,
  ...multiSelects,
  ...pickers,
]);
/** What a `section` may hold at its right. */
export const accessoryElement = z.discriminatedUnion("type", [
  button,
  overflow,
  image,
  loose("workflow_button"),
  ...selects,
  ...multiSelects,
  ...pickers,
]);
/** What an `input` block may hold. */
export const inputElement = z.discriminatedUnion("type", [
  plainTextInput,
  numberInput,
  emailInput,
  urlInput,
  richTextInput,
  fileInput,
  datetimepicker,
  ...selects,
  ...multiSelects,
  ...pickers,
]);
/** What a `context` block may hold: small pictures and text. */
export const contextElement = z.discriminatedUnion("type", [image, ...anyText(3000).options]);
