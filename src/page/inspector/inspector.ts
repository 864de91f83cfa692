// The script of the inspector's page, which has the step in it.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { pageData } from "../client/page-data.ts";
import { openInspector } from "./open-inspector.ts";

openInspector(pageData<InspectorDocument>("document"));
