// The package `vitrine/node`: what needs files, a driver or the network. The rest is `vitrine`.

export { loadSafetensors, saveSafetensors } from "./library/files.ts";
export { type InspectionOptions, saveInspection } from "./library/inspection.ts";
export { type KerasModel, loadKerasModel, saveKerasModel } from "./library/keras-files.ts";
export { type LoadDataOptions, type LoadedData, loadData } from "./library/load-data.ts";
export { openDevice } from "./library/open-device.ts";
export { type ReportOptions, type SavedReport, saveReport } from "./library/report.ts";
export { rooflineSvg } from "./library/roofline.ts";
